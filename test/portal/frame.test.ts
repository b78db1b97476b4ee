import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  openPortal,
  openTab,
  signIn,
  visit,
  withoutPortal,
  type Portal,
} from '../support/portal.ts';

/** What is around all pages: coming in, going anywhere, going out. */

suite('the frame of the portal', { skip: withoutPortal }, () => {
  let portal: Portal;

  before(async () => {
    portal = await openPortal();
  });
  after(() => portal?.close());

  test('the first start prints a link that signs in, once', async () => {
    const link = /http:\S+\/sign-in#link=\S+/.exec(portal.server.stdout())?.[0] ?? '';
    const first = await openTab(portal.browser, portal.server);
    await signIn(first.page, link);
    assert.deepEqual(first.troubles, []);
    const second = await openTab(portal.browser, portal.server);
    await second.page.goto(link);
    await second.page.getByRole('button', { name: 'Sign in' }).waitFor();
    // It does not stay in the history.
    await second.page.waitForURL((url) => url.hash === '');
    await second.page.getByRole('button', { name: 'Sign in' }).click();
    await second.page.getByRole('alert').waitFor();
    await Promise.all([first.close(), second.close()]);
  });

  test('who is not signed in is asked to, and gets where they wanted', async () => {
    const { page, troubles, close } = await openTab(portal.browser, portal.server);
    await page.goto(`${portal.server.url}/trail?provider=mail`);
    await page.waitForURL(/\/sign-in\?/);
    await page.getByLabel('API key').fill('adm_of_somebody_else');
    await page.keyboard.press('Enter');
    await page.getByText('the API key is wrong').first().waitFor();
    await page.getByLabel('API key').fill(portal.server.adminKey);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/trail\?provider=mail/);
    assert.deepEqual(troubles, []);
    await close();
  });

  test('a few letters or two keys lead to any page', async () => {
    const { page, troubles, close } = await portal.open('/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('monit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Monitors' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { level: 1, name: 'Evidence' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Find a page or a thing').waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(troubles, []);
    await close();
  });

  test('signing out ends the session, not only the page', async () => {
    const { page, context, close } = await portal.open('/');
    const cookies = await context.cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
      [{ name: 'affidavit_session', httpOnly: true, sameSite: 'Strict' }],
    );
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-in/);
    await context.addCookies(cookies);
    await page.goto(`${portal.server.url}/trail`);
    await page.waitForURL(/\/sign-in\?/);
    await close();
  });

  test('the first page is light', async () => {
    const { page, close } = await portal.open('/');
    for (const path of ['/', '/trail']) {
      await visit(page, portal.server.url + path);
      const bytes = await page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.endsWith('.js'))
          .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
      );
      assert.ok(bytes > 0 && bytes < 300_000, `${path} needs ${bytes} bytes of JavaScript`);
    }
    await close();
  });
});
