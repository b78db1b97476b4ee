import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

import type { Page } from 'playwright-core';

import {
  openPortal,
  openTab,
  signIn,
  visit,
  withoutPortal,
  type Portal,
} from '../support/portal.ts';
import { startService, type Service } from '../support/service.ts';
import { ask, makeAgent, makeGrant } from '../support/world.ts';

/** Whole journeys, with the mouse and the keyboard, from what a person sees to what it does. */

/** Toasts have the role too. */
const dialog = (page: Page) => page.locator('[role=dialog]:not([data-type])');

suite('a newcomer', { skip: withoutPortal }, () => {
  let portal: Portal;
  let service: Service;

  before(async () => {
    [portal, service] = await Promise.all([openPortal(), startService()]);
  });
  after(async () => {
    await portal?.close();
    await service?.close();
  });

  test('goes from the link of the first start to the first entry of an agent', async () => {
    const link = /http:\S+\/sign-in#link=\S+/.exec(portal.server.stdout())?.[0];
    assert.ok(link, 'the first start prints a link');
    const { page, troubles, close } = await openTab(portal.browser, portal.server);
    await signIn(page, link);
    await page.getByRole('button', { name: 'Make an agent' }).click();
    await dialog(page).getByLabel('Name').fill('research-agent');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make a key' }).click();
    await dialog(page)
      .getByRole('button', { name: /make|mint/i })
      .click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Add a credential' }).click();
    await dialog(page).getByLabel('Name of the provider').fill('shop');
    await dialog(page).getByLabel('Its address').fill(service.url);
    await dialog(page)
      .getByRole('textbox', { name: 'The credential' })
      .fill('a-secret-of-the-shop');
    await dialog(page).getByLabel('Whose account it is').fill('alice@example.com');
    await dialog(page).getByRole('button', { name: 'Add it' }).click();
    const command = await page.locator('pre').innerText();
    await promisify(execFile)('bash', ['-c', command], { timeout: 20_000 });
    await page.getByRole('heading', { name: 'By agent, provider and verb' }).waitFor();
    assert.equal(service.received.length, 1);
    assert.equal(service.received[0]?.headers.authorization, 'Bearer a-secret-of-the-shop');
    assert.doesNotMatch(await page.content(), /a-secret-of-the-shop/);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('the link works once', async () => {
    const link = /http:\S+\/sign-in#link=\S+/.exec(portal.server.stdout())?.[0] ?? '';
    const { page, close } = await openTab(portal.browser, portal.server);
    await page.goto(link);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.goto(`${portal.server.url}/trail`);
    await page.waitForURL(/\/sign-in\?/);
    await close();
  });
});

suite('an operator', { skip: withoutPortal }, () => {
  let portal: Portal;
  let service: Service;
  let agent: Awaited<ReturnType<typeof makeAgent>>;

  before(async () => {
    [portal, service] = await Promise.all([openPortal(), startService()]);
    const admin = { key: portal.server.adminKey };
    agent = await makeAgent(portal.server, admin, 'support-agent');
    await makeGrant(portal.server, admin, {
      provider: 'shop',
      base_url: service.url,
      secret: 'a-secret-of-the-shop',
      principal: { type: 'user', id: 'alice', email: 'alice@example.com' },
    });
  });
  after(async () => {
    await portal?.close();
    await service?.close();
  });

  const request = (method: string, status: number) =>
    ask<{ execution_id: string; approval_id?: string }>(
      portal.server,
      status,
      'POST',
      '/v1/request',
      {
        key: agent.key,
        body: {
          provider: 'shop',
          method,
          url: '/orders/7',
          reason: 'Refund order 7',
          run_id: 'refunds',
        },
      },
    );

  test('goes from a denial to the policy, tries a change on that call, and saves it', async () => {
    await ask(portal.server, 201, 'POST', '/v1/policies', {
      body: { name: 'Only reads', template: { kind: 'methods', methods: ['GET'] } },
    });
    const { execution_id } = (await request('POST', 403)) as { execution_id: string };
    const { page, troubles, close } = await portal.open('/trail?outcome=policy_denied');
    await page.getByText('Refund order 7').first().click();
    await page.getByRole('link', { name: 'Try a change of this policy' }).click();
    await page.getByRole('heading', { level: 1, name: 'Only reads' }).waitFor();
    await page.getByText('On the record').waitFor();
    await page.getByLabel(/Methods/).fill('GET, POST');
    await page.getByText('With this change').waitFor();
    await page.locator('p', { hasText: 'With this change' }).getByText('allowed').waitFor();
    const saved = page.waitForResponse(
      (response) =>
        response.request().method() === 'PATCH' || response.request().method() === 'PUT',
    );
    await page.getByRole('button', { name: 'Save' }).click();
    assert.equal((await saved).status(), 200);
    await request('POST', 200);
    assert.ok(execution_id);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('approves what waits with the keyboard alone, and it is done once', async () => {
    await ask(portal.server, 201, 'POST', '/v1/policies', {
      body: {
        name: 'Ask for deletions',
        cedar:
          '@require("approval") forbid (principal, action, resource) when { context.method == "DELETE" };',
      },
    });
    const before = service.received.length;
    const policies = await ask<{ data: { policy_id: string; name: string }[] }>(
      portal.server,
      200,
      'GET',
      '/v1/policies',
    );
    const reads = policies.data.find(({ name }) => name === 'Only reads');
    if (reads) await ask(portal.server, 200, 'DELETE', `/v1/policies/${reads.policy_id}`);
    await request('DELETE', 202);
    const { page, troubles, close } = await portal.open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    await page.getByRole('heading', { level: 1, name: 'Approvals' }).waitFor();
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await page.keyboard.press('a');
    await dialog(page).getByLabel('Reason, for the record').fill('The order was cancelled');
    await dialog(page).getByRole('button', { name: 'Approve' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    for (let tries = 0; tries < 50 && service.received.length === before; tries++)
      await page.waitForTimeout(100);
    assert.equal(service.received.length, before + 1);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('sees what an agent did between two times', async () => {
    const { page, troubles, close } = await portal.open(`/agents/${agent.agent_id}`);
    await page.getByText('Refund order 7').first().waitFor();
    await visit(page, `${portal.server.url}/runs/refunds`);
    await page.getByText('Refund order 7').first().waitFor();
    assert.deepEqual(troubles, []);
    await close();
  });

  test('finds any page with a few letters', async () => {
    const { page, troubles, close } = await portal.open('/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('monit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Monitors' }).waitFor();
    await page.keyboard.press('?');
    await dialog(page).getByText('Find a page or a thing').waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(troubles, []);
    await close();
  });

  test('who may only read finds no buttons that change, and no page that fails', async () => {
    const url = await ask<{ url: string }>(portal.server, 201, 'POST', '/v1/sign-in-links', {
      body: { role: 'analyst' },
    });
    const { page, troubles, close } = await openTab(portal.browser, portal.server);
    await signIn(page, url.url);
    await visit(page, `${portal.server.url}/policies`);
    assert.equal(await page.getByRole('link', { name: 'New policy' }).count(), 0);
    await visit(page, `${portal.server.url}/trail`);
    await page.getByText('Refund order 7').first().waitFor();
    assert.deepEqual(troubles, []);
    await close();
  });
});
