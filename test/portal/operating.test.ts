import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { axeFaults, openPortal, withoutPortal, type Portal, type Tab } from '../support/portal.ts';
import { startWebhook, type ReceiverUnderTest } from '../support/receivers.ts';

/** What an operator sets up: where entries go, what is watched for, and who may do what. */

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

suite('operating from the portal', { skip: withoutPortal }, () => {
  let portal: Portal;
  let receiver: ReceiverUnderTest;

  before(async () => {
    [portal, receiver] = await Promise.all([openPortal(), startWebhook(() => [SECRET])]);
  });
  after(async () => {
    await receiver?.close();
    await portal?.close();
  });

  async function withPage(path: string, run: (page: Tab['page']) => Promise<void>) {
    const tab = await portal.open(path);
    await run(tab.page);
    assert.deepEqual(tab.troubles, []);
    await tab.close();
  }

  test('a webhook is added, tested, paused, replayed and deleted', () =>
    withPage('/destinations', async (page) => {
      await page.getByRole('button', { name: /^Webhook/ }).click();
      await page.getByLabel('Name').fill('our SIEM');
      await page.getByLabel('Address').fill('ftp://nowhere');
      await page.getByRole('button', { name: 'Add the destination' }).click();
      await page.getByText('an http(s) address').first().waitFor();
      await page.getByLabel('Address').fill(receiver.url);
      await page.getByLabel('Signing secret').fill(SECRET);
      await page.getByLabel('Begin with').selectOption('beginning');
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Add the destination' }).click();
      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByText('The test was accepted').waitFor();
      await page.getByRole('link', { name: 'Done' }).click();
      await page.getByRole('heading', { name: 'our SIEM', level: 1 }).waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText('Paused by an operator').waitFor();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      await page.getByRole('tab', { name: 'Replays' }).click();
      await page.getByRole('button', { name: 'Replay a range' }).click();
      await page.getByLabel('To, inclusive (seq)').fill('1');
      await page.getByRole('button', { name: 'Replay', exact: true }).click();
      await page.getByRole('region', { name: 'Replays and backfills' }).waitFor();
      await page.getByRole('tab', { name: 'Setup' }).click();
      assert.ok(!(await page.getByRole('main').innerText()).includes(SECRET));
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Delete the destination' }).click();
      await page.getByText('Nothing is delivered yet').waitFor();
      assert.deepEqual(receiver.faults, []);
      assert.ok(receiver.entries().some(({ event_type }) => event_type === 'destination.tested'));
    }));

  test('what is watched for is tried on the past before it is saved', () =>
    withPage('/monitors', async (page) => {
      await portal.server.request('POST', '/v1/events', {
        body: { events: Array.from({ length: 4 }, () => ({ event_type: 'file.read' })) },
      });
      await page.getByRole('button', { name: 'Watch for something' }).click();
      await page.getByLabel('Name').fill('Many files');
      await page.getByRole('button', { name: 'Add a condition' }).click();
      await page.getByLabel('Value of condition 1').fill('file.read');
      await page.getByLabel('More than').fill('2');
      await page.getByText('more than 2 entries where event_type is file.read').waitFor();
      await page.getByRole('button', { name: 'Try it on the last 7 days' }).click();
      await page.getByText('1 alarm', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Watch for it' }).click();
      await page.getByRole('heading', { name: 'Many files', level: 1 }).waitFor();
      await portal.server.request('POST', '/v1/events', {
        body: { events: Array.from({ length: 3 }, () => ({ event_type: 'file.read' })) },
      });
      await page.getByRole('region', { name: 'Alarms that are raised now' }).waitFor();
      await page.getByRole('region', { name: 'Alarms so far' }).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Turn off' }).click();
      await page.getByRole('button', { name: 'Turn on' }).waitFor();
    }));

  test('a key is shown once, works, is rotated and revoked', () =>
    withPage('/settings?tab=keys', async (page) => {
      await page.getByRole('button', { name: 'Mint a key' }).click();
      await page.getByLabel('Name').fill('mail agent');
      await page.getByRole('button', { name: 'Mint the key' }).click();
      const shown = page.getByRole('dialog', { name: 'The new key' });
      const key = (await shown.locator('code').first().textContent()) ?? '';
      assert.equal((await portal.server.request('GET', '/v1/whoami', { key })).status, 200);
      await page.getByRole('button', { name: 'Done' }).click();
      assert.ok(!(await page.content()).includes(key));
      await page.getByRole('button', { name: 'Rotate mail agent' }).click();
      await page.getByLabel('Both keys work for').selectOption('0');
      await page.getByRole('button', { name: 'Rotate the key' }).click();
      const next = (await shown.locator('code').first().textContent()) ?? '';
      await page.getByRole('button', { name: 'Done' }).click();
      assert.equal((await portal.server.request('GET', '/v1/whoami', { key })).status, 401);
      await page.getByRole('button', { name: 'Revoke mail agent' }).click();
      await page.getByRole('button', { name: 'Revoke the key' }).click();
      await page.getByText('mail agent was revoked.').first().waitFor();
      assert.equal(await page.getByRole('button', { name: 'Revoke mail agent' }).count(), 0);
      assert.equal((await portal.server.request('GET', '/v1/whoami', { key: next })).status, 401);
    }));

  test('holds, erasures, people and callers are set up by forms', () =>
    withPage('/settings?tab=holds', async (page) => {
      const nav = page.getByRole('navigation', { name: 'Settings' });
      await page.getByRole('button', { name: 'Place a hold' }).click();
      await page.getByLabel('Reason, for the record').fill('case 12');
      await page.getByLabel('Value of condition 1').fill('user_1');
      await page.getByRole('button', { name: 'Place the hold' }).click();
      await page.getByText('entries where principal_id is user_1').waitFor();
      await page.getByRole('button', { name: /^Release/ }).click();
      await page.getByRole('button', { name: 'Release', exact: true }).click();
      await page.getByText('Nothing is on hold').waitFor();

      await nav.getByRole('link', { name: 'People who operate' }).click();
      await page.getByRole('button', { name: 'Add a person' }).click();
      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('link', { name: 'ada@example.com' }).waitFor();

      await nav.getByRole('link', { name: 'Callers' }).click();
      await page.getByRole('button', { name: 'Register a caller' }).click();
      await page.getByLabel('Name').fill('nightly job');
      await page.getByRole('button', { name: 'Register', exact: true }).click();
      await page.getByRole('link', { name: 'nightly job' }).waitFor();

      await nav.getByRole('link', { name: 'Erasures' }).click();
      await page.getByRole('button', { name: 'Erase', exact: true }).click();
      await page.getByLabel('Id of the person').fill('user_1');
      await page.getByLabel('Reason, for the record').fill('asked for it');
      const erase = page.getByRole('button', { name: 'Erase for good' });
      assert.ok(await erase.isDisabled());
      await page.getByLabel('I know that this cannot be undone.').check();
      await erase.click();
      await page.getByRole('region', { name: 'Erasures' }).getByText('done').waitFor();
    }));

  test('an analyst sees how things are set up, and no buttons that change them', async () => {
    const link = await portal.server.request<{ url: string }>('POST', '/v1/sign-in-links', {
      body: { role: 'analyst' },
    });
    const context = await portal.browser.newContext();
    const page = await context.newPage();
    await page.goto(link.body.url);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await page.goto(`${portal.server.url}/settings?tab=keys`);
    await page.getByRole('region', { name: 'API keys' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Mint|Rotate|Revoke/ }).count(), 0);
    await page.goto(`${portal.server.url}/settings?tab=identity`);
    await page.getByText('For owners').waitFor();
    await context.close();
  });
});
