import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import type { Page } from 'playwright-core';

import { axeFaults, openTab, overflow, withoutPortal, type Tab } from '../support/portal.ts';
import { startBrowser } from '../support/browser.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { startService, type Service } from '../support/service.ts';
import { intrude } from '../support/tampering.ts';
import {
  ask,
  find,
  makeAgent,
  makeApp,
  makeGrant,
  type AgentUnderTest,
  type AppUnderTest,
} from '../support/world.ts';

/** The wallet, as a person on a phone uses it. */

const OTHER = 'Xanthippe';
const HARM = '<img src=x onerror="globalThis.harmed=1">';
const PHONE = { viewport: { width: 320, height: 700 }, hasTouch: true };

suite('the wallet', { skip: withoutPortal }, () => {
  let server: Affidavit;
  let service: Service;
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let app: AppUnderTest;
  let agent: AgentUnderTest;
  let second: AgentUnderTest;
  let grants: { ada: string; other: string };
  let tab: Tab;
  let page: Page;
  let dataFolder: string;

  const call = (grant_id: string, path: string, more: object = {}, by = agent) => {
    const body = { method: 'GET', url: service.url + path, grant_id, ...more };
    return server.request('POST', '/v1/request', { key: by.key, body });
  };
  const link = async () => {
    const body = { principal_id: 'ada' };
    const made = await ask<{ url: string }>(server, 201, 'POST', '/v1/wallet/sessions', {
      key: app.key,
      body,
    });
    return made.url;
  };
  const open = async (url: string, on = page) => {
    await on.goto(url);
    await on.getByRole('button', { name: 'Open my page' }).click();
  };
  const holds = async (what: string) => {
    assert.deepEqual(await axeFaults(page), [], what);
    assert.deepEqual(await overflow(page), [], `${what} is wider than the phone`);
  };

  before(async () => {
    dataFolder = temporaryFolder();
    [server, service, browser] = await Promise.all([
      startAffidavit({ dataFolder }),
      startService(),
      startBrowser(),
    ]);
    app = await makeApp(server, 'Acme Helper');
    agent = await makeAgent(server, app, 'pr-review-agent');
    second = await makeAgent(server, app, 'mail-agent');
    const agents = [agent.agent_id, second.agent_id];
    const given = { base_url: service.url, secret: 'sk_wallet_0123456789', agents };
    const grant = async (provider: string, id: string) =>
      (await makeGrant(server, app, { ...given, provider, principal: { type: 'user', id } }))
        .grant_id;
    grants = { ada: await grant('github', 'ada'), other: await grant('gitlab', OTHER) };
    await call(grants.ada, '/repos/acme/app/pulls/12', { reason: 'Summarise the review' });
    await call(grants.ada, '/messages/7', { reason: HARM, caller: 'crm' }, second);
    await call(grants.other, '/repos/x/y', { reason: `about ${OTHER}` });
    tab = await openTab(browser, server, PHONE);
    ({ page } = tab);
  });
  after(async () => {
    await browser?.close();
    await service?.close();
    assert.equal(await server?.stop(), 0);
  });

  test('is a small page', async () => {
    const html = await server.request('GET', '/wallet', {
      key: null,
      headers: { accept: 'text/html' },
    });
    const scripts = [...html.text.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)];
    let bytes = 0;
    for (const [, path] of scripts) {
      const { bytes: script } = await server.request('GET', String(path), { key: null });
      bytes += gzipSync(script).length;
    }
    assert.ok(scripts.length > 1 && bytes < 150_000, `${bytes} bytes of JavaScript`);
  });

  test('opens by a link that works once', async () => {
    const url = await link();
    await open(url);
    await page.getByRole('heading', { name: 'Your data at Acme Helper' }).waitFor();
    assert.ok(!page.url().includes('link'));
    const again = await openTab(browser, server, PHONE);
    await open(url, again.page);
    await again.page.getByText('The link was used before.').waitFor();
    await again.page.getByText('Go back to the app that you use').waitFor();
    await again.close();
    await page.getByRole('heading', { name: 'GitHub' }).waitFor();
    await holds('the list of connections');
  });

  test('tells what was done, and shows what means harm as text', async () => {
    await page.getByRole('tab', { name: 'What was done' }).click();
    await page
      .getByText('pr-review-agent read pull request 12 at GitHub for ‘Summarise the review’')
      .waitFor();
    await page.getByText(`for ‘${HARM}’`).waitFor();
    assert.equal(await page.evaluate(() => 'harmed' in globalThis), false);
    await page.getByText('Show only some').click();
    await page.getByLabel('Agent').selectOption({ label: 'mail-agent' });
    await page.getByText('Summarise the review').waitFor({ state: 'detached' });
    assert.match(page.url(), new RegExp(`agent_id=${second.agent_id}`));
    await holds('what was done');
    await page.goBack();
    await page.getByText('Summarise the review').waitFor();
  });

  test('shows nothing of others, whatever stands in its address', async () => {
    const asked = [
      `grant_id=${grants.other}`,
      `provider=gitlab`,
      `principal_id=${OTHER}&user=${OTHER}&app_id=app_default`,
    ];
    for (const search of asked) {
      await page.goto(`${server.url}/wallet?tab=activity&${search}`);
      await page
        .getByText('Nothing like this was done')
        .or(page.getByText('Summarise the review'))
        .waitFor();
      assert.ok(!(await page.locator('body').innerText()).includes(OTHER), search);
    }
    const [entry] = await find(server, app.key, { principal_id: OTHER });
    const statuses = await page.evaluate(
      (paths) => Promise.all(paths.map(async (path) => (await fetch(path)).status)),
      [
        `/v1/wallet/activity?principal_id=${OTHER}`,
        `/v1/wallet/activity/${entry?.event_id}/evidence`,
        '/v1/events',
        '/v1/whoami',
      ],
    );
    assert.deepEqual(statuses, [400, 404, 401, 401]);
  });

  test('is checked by the device of the person', async () => {
    await page.goto(`${server.url}/wallet?tab=activity`);
    await page.getByRole('button', { name: 'Check them yourself' }).click();
    await page.getByText(/None of these \d+ was changed/).waitFor();
    await holds('a check that found nothing');
    const [entry] = await find(server, app.key, { q: 'Summarise', event_type: 'api.called' });
    const intruder = await intrude(dataFolder);
    const change = (from: string, to: string) =>
      intruder.run(
        `UPDATE parts SET body = replace(body, '${from}', '${to}')
         WHERE seq = ${entry?.seq} AND part = 'envelope' AND body LIKE '%${from}%'`,
      );
    await change('Summarise', 'Summarize');
    await page.reload();
    await page.getByRole('button', { name: 'Check them yourself' }).click();
    await page.getByText('Something is not right').waitFor();
    await page.getByText(/read pull request 12 at GitHub: The part envelope is not/).waitFor();
    await holds('a check that found something');
    await change('Summarize', 'Summarise');
  });

  test('takes an agent off and ends a connection: the next call is denied', async () => {
    await page.goto(`${server.url}/wallet`);
    await page.getByRole('button', { name: 'Remove mail-agent from GitHub' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove mail-agent' }).click();
    await page.getByText('mail-agent cannot use GitHub any more').first().waitFor();
    assert.equal((await call(grants.ada, '/messages/8', {}, second)).status, 403);
    assert.equal((await call(grants.ada, '/messages/8')).status, 200);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await holds('the question before the end of a connection');
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect GitHub' }).click();
    await page.getByText('Nothing is connected').waitFor();
    assert.equal((await call(grants.ada, '/messages/8')).status, 403);
    await page.getByRole('tab', { name: 'What was done' }).click();
    await page.getByText('You ended the connection to GitHub').waitFor();
  });

  test('asks for erasure, and closes', async () => {
    await page.getByRole('tab', { name: 'Erasure' }).click();
    await page.getByLabel('Why (you need not say)').fill('I left');
    await page.getByRole('button', { name: 'Ask for erasure' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ask for erasure' }).click();
    await page.getByText('“I left”').waitFor();
    await holds('erasure');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Go back to the app that you use').waitFor();
    await page.goto(`${server.url}/wallet?tab=activity`);
    await page.getByText('Go back to the app that you use').waitFor();
    await holds('the way back');
    assert.deepEqual(tab.troubles, []);
  });
});
