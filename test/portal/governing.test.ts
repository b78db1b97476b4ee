import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  axeFaults,
  openPortal,
  openTab,
  signIn,
  signInLink,
  visit,
  withoutPortal,
  type Portal,
} from '../support/portal.ts';
import { startService, type Service } from '../support/service.ts';
import { ask, makeAgent, makeGrant, type AgentUnderTest } from '../support/world.ts';

/** What is allowed, as people say it in the portal: grants, policies, approvals, verbs. */

suite('what is allowed', { skip: withoutPortal }, () => {
  let portal: Portal;
  let service: Service;
  let agent: AgentUnderTest;
  let grant_id: string;

  before(async () => {
    portal = await openPortal();
    service = await startService();
    const app = { key: portal.server.adminKey };
    agent = await makeAgent(portal.server, app, 'Ada');
    ({ grant_id } = await makeGrant(portal.server, app, {
      provider: 'bank',
      base_url: service.url,
      secret: 'a-secret-of-the-bank',
      agents: [agent.agent_id],
    }));
  });
  after(async () => {
    await service?.close();
    await portal?.close();
  });

  const call = (method: string, url: string) =>
    portal.server.request<Record<string, string>>('POST', '/v1/request', {
      key: agent.key,
      body: { method, url, grant_id, reason: 'Pay the invoice' },
    });

  test('from a call that was refused to a policy that allows it', async () => {
    await ask(portal.server, 201, 'POST', '/v1/policies', {
      body: {
        name: 'Only reading',
        template: { kind: 'methods', methods: ['GET'] },
        applies_to: { provider: 'bank' },
      },
    });
    const refused = await call('PUT', '/payments/1');
    assert.equal(refused.status, 403);
    const [entry] = (
      await ask<{ data: { event_id: string }[] }>(
        portal.server,
        200,
        'GET',
        `/v1/events?execution_id=${refused.body.execution_id}`,
      )
    ).data;
    const { page, troubles, close } = await portal.open(`/trail?event=${entry?.event_id}`);
    await page.getByRole('link', { name: 'Try a change of this policy on this call' }).click();
    await page.getByRole('heading', { level: 1, name: 'Only reading' }).waitFor();
    assert.match(page.url(), new RegExp(`\\?test=${refused.body.execution_id}$`));
    await page.getByText('With the policies as they are').waitFor();
    await page.getByLabel('Methods that are allowed').fill('GET, PUT');
    const verdict = page.getByText('With this change').locator('..');
    await verdict.getByText('allowed').waitFor();
    await page.getByText('only GET and PUT calls are allowed').waitFor();
    await page.getByRole('button', { name: 'Decide again' }).click();
    await page.getByText('1 of 1 call would be decided otherwise.').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: 'Save the policy' }).click();
    await page.getByText('The policy was changed').first().waitFor();
    const now = page.getByText('With the policies as they are').locator('..');
    await now.getByText('allowed').waitFor();
    assert.equal((await call('PUT', '/payments/1')).status, 200);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('Cedar is read while it is written', async () => {
    const { page, close } = await portal.open('/policies/new');
    await page.getByLabel('Name').fill('No transfers');
    await page.getByLabel('Kind').selectOption('cedar');
    const editor = page.getByRole('textbox', { name: 'Cedar' });
    await editor.fill('forbid (principal, action, resource)\nwhen { context.nothing };');
    await page
      .getByText(/line 2/)
      .first()
      .waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create the policy' }).isDisabled(), true);
    await editor.fill(
      'forbid (principal, action, resource)\nwhen { context.path like "/transfers*" };',
    );
    await page.getByText('Nothing is wrong with it').waitFor();
    await page.getByRole('button', { name: 'Create the policy' }).click();
    await page.getByRole('heading', { level: 1, name: 'No transfers' }).waitFor();
    assert.match(page.url(), /\/policies\/pol_/);
    assert.equal((await call('GET', '/transfers/1')).status, 403);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the policy' }).click();
    await page.getByRole('heading', { level: 1, name: 'Policies' }).waitFor();
    assert.equal((await call('GET', '/transfers/1')).status, 200);
    await close();
  });

  test('a person who only approves sees what waits, and decides with the keyboard', async () => {
    const template = { kind: 'approval' };
    const { policy_id } = await ask<{ policy_id: string }>(
      portal.server,
      201,
      'POST',
      '/v1/policies',
      { body: { name: 'A person looks', template, applies_to: { provider: 'bank' } } },
    );
    const first = await call('PUT', '/payments/2');
    const second = await call('PUT', '/payments/3');
    assert.deepEqual([first.status, second.status], [202, 202]);
    const tab = await openTab(portal.browser, portal.server);
    const { page, troubles } = tab;
    await signIn(page, await signInLink(portal.server, { role: 'approver', name: 'Grace' }));
    await visit(page, `${portal.server.url}/approvals`);
    const places = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    assert.deepEqual(await places.allTextContents(), ['Approvals']);
    await page.getByRole('heading', { level: 2, name: /payments\/2/ }).waitFor();
    await page.keyboard.press('j');
    await page.getByRole('heading', { level: 2, name: /payments\/3/ }).waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('not this one');
    await page
      .getByRole('dialog', { name: 'Reject this?' })
      .getByRole('button', { name: 'Reject' })
      .click();
    await page.getByRole('dialog', { name: 'Reject this?' }).waitFor({ state: 'hidden' });
    const outcome = page.getByRole('article');
    await outcome.getByText('not this one').waitFor();
    await outcome.getByText('Grace').waitFor();
    await page.keyboard.press('k');
    await page.getByRole('heading', { level: 2, name: /payments\/2/ }).waitFor();
    await page.keyboard.press('a');
    await page.keyboard.type('agreed');
    await page.getByRole('button', { name: 'Approve and carry out' }).click();
    await page.getByText('carried out', { exact: true }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(troubles, []);
    await tab.close();
    await ask(portal.server, 200, 'DELETE', `/v1/policies/${policy_id}`);
  });

  test('a provider, a secret and a grant are made; the grant is used, and revoked', async () => {
    const { page, troubles, close } = await portal.open('/grants?tab=providers');
    await page.getByRole('button', { name: 'New provider' }).click();
    await page.getByLabel('Name', { exact: true }).fill('mail');
    await page.getByLabel('Address').fill(service.url);
    await page.getByLabel('Scope map').fill('mail.read GET /inbox*');
    await page.getByRole('button', { name: 'Create the provider' }).click();
    await page.getByRole('cell', { name: 'mail', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Secrets' }).click();
    await page.getByRole('button', { name: 'New secret' }).first().click();
    const secret = page.getByRole('dialog', { name: 'New secret' });
    await secret.getByLabel('Provider').selectOption('mail');
    await secret.getByLabel('Name').fill('mail of Eve');
    await secret.getByLabel('Value').fill('a-secret-of-the-mail');
    await page.getByRole('button', { name: 'Keep the secret' }).click();
    await page.getByRole('cell', { name: 'mail of Eve' }).waitFor();
    await page.getByRole('tab', { name: 'Grants' }).click();
    await page.getByRole('button', { name: 'New grant' }).click();
    const form = page.getByRole('dialog', { name: 'New grant' });
    await form.getByLabel('Provider').selectOption('mail');
    await form.getByLabel('Secret').selectOption({ label: 'mail of Eve' });
    await form.getByLabel('Their id').fill('eve');
    await form.getByLabel('Ada').check();
    await form.getByLabel('Scopes').fill('mail.read');
    await form.getByRole('button', { name: 'Make the grant' }).click();
    await page.getByRole('link', { name: 'mail for eve' }).click();
    await page.getByRole('heading', { level: 1, name: 'mail for eve' }).waitFor();
    const made = page.url().split('/').at(-1);
    const use = () =>
      portal.server.request('POST', '/v1/request', {
        key: agent.key,
        body: { method: 'GET', url: '/inbox', grant_id: made },
      });
    assert.equal((await use()).status, 200);
    await page.reload();
    await page.getByRole('list', { name: 'Entries of the grant' }).getByText('called').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByRole('button', { name: 'Revoke the grant' }).click();
    await page.getByText('revoked', { exact: true }).first().waitFor();
    assert.equal((await use()).status, 403);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('the app that was chosen is the one that is shown, also after a reload', async () => {
    await ask(portal.server, 201, 'POST', '/v1/apps', { body: { name: 'the other' } });
    const { page, troubles, close } = await portal.open('/grants');
    await page.getByRole('link', { name: 'bank for user_1' }).waitFor();
    await page.getByLabel('App', { exact: true }).selectOption({ label: 'the other' });
    await page.getByText('No grants yet').waitFor();
    await page.reload();
    await page.getByText('No grants yet').waitFor();
    const chosen = page.getByLabel('App', { exact: true }).locator('option:checked');
    assert.equal(await chosen.textContent(), 'the other');
    assert.deepEqual(troubles, []);
    await close();
  });

  test('a verb is defined, and tried without doing anything', async () => {
    await makeGrant(
      portal.server,
      { key: portal.server.adminKey },
      {
        provider: 'shop',
        base_url: service.url,
        secret: 'a-secret-of-the-shop',
      },
    );
    const { page, troubles, close } = await portal.open('/verbs');
    await page.getByRole('button', { name: 'New verb' }).first().click();
    const form = page.getByRole('dialog', { name: 'New verb' });
    await form.getByLabel('Name').fill('shop:refund');
    await form.getByLabel('Provider').selectOption('shop');
    await form.getByLabel('Path').fill('refunds/{id}');
    await form.getByLabel('Schema').fill('{');
    await form.getByText(/^not JSON/).waitFor();
    const schema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
    await form.getByLabel('Schema').fill(JSON.stringify(schema));
    await form.getByRole('button', { name: 'Create the verb' }).click();
    await page.getByRole('heading', { level: 1, name: 'shop:refund' }).waitFor();
    await page.getByLabel('Arguments').fill('{"id":"r_1"}');
    const calls = service.received.length;
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('dry run', { exact: true }).first().waitFor();
    await page.getByText(/POST .*\/refunds\/r_1/).waitFor();
    assert.equal(service.received.length, calls);
    assert.deepEqual(await axeFaults(page), []);
    assert.deepEqual(troubles, []);
    await close();
  });
});
