import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { Browser, Page } from 'playwright-core';

import { startBrowser, withoutBrowser } from './support/browser.ts';
import { prepareConnecting, type Connecting } from './support/connecting.ts';
import { startOAuthServer, type OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';

/** A person connects an account in a real browser, and agents call with it. */

suite('connecting in a browser', { skip: withoutBrowser }, () => {
  let server: Affidavit;
  let oauth: OAuthServer;
  let world: Connecting;
  let application: Service;
  let browser: Browser;

  before(async () => {
    server = await startAffidavit();
    oauth = await startOAuthServer(`${server.url}/v1/connect/callback`);
    world = await prepareConnecting(server, oauth);
    application = await startService((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Application</title>');
    });
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await application?.close();
    await server?.stop();
    await oauth?.close();
  });

  async function signIn(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.fill('input[name=login]', 'ada');
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
    await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' });
  }

  test('ends on a page that says so and loads nothing', async () => {
    const page = await (await browser.newContext()).newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    const { connect_id, url } = await world.start();
    await signIn(page, url);
    await page.click('button[type=submit]');
    await page.waitForURL(`${server.url}/**`);
    assert.equal(await page.textContent('h1'), 'Connected');
    assert.deepEqual(complaints, []);
    const { status, grant_id } = await world.status(connect_id);
    assert.equal(status, 'connected');
    assert.equal((await world.call(grant_id as string)).body.status, 200);
    // The way back, taken again, connects nothing.
    await page.reload();
    assert.equal(await page.textContent('h1'), 'Not connected');
  });

  test('goes on to the application, which learns how it ended and nothing else', async () => {
    const page = await (await browser.newContext()).newPage();
    const return_url = `${application.url}/connected?tab=mail`;
    const { connect_id, url } = await world.start({ return_url });
    await signIn(page, url);
    await page.click('button[type=submit]');
    await page.waitForURL(`${application.url}/**`);
    const query = Object.fromEntries(new URL(page.url()).searchParams);
    assert.deepEqual(query, { tab: 'mail', connect_id, status: 'connected' });
    const [asked] = application.received;
    assert.equal(asked?.headers.referer, undefined);
  });
});
