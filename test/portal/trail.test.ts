import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  axeFaults,
  openPortal,
  settled,
  visit,
  withoutPortal,
  type Portal,
  type Tab,
} from '../support/portal.ts';
import { fillTrail } from '../support/sample-trail.ts';

/** The trail as an analyst uses it: by keys, by what is typed, by the address, and live. */

suite('the trail', { skip: withoutPortal }, () => {
  let portal: Portal;
  let tab: Tab;

  before(async () => {
    portal = await openPortal();
    await fillTrail(portal.server, { entries: 3000 });
    tab = await portal.open('/trail');
  });
  after(async () => {
    assert.deepEqual(tab?.troubles ?? [], []);
    await tab?.close();
    await portal?.close();
  });

  const rows = () => tab.page.locator('[role=row] a');
  const question = () => new URL(tab.page.url()).searchParams;
  const go = async (path: string) => {
    await visit(tab.page, portal.server.url + path);
    await rows().first().waitFor();
  };
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await tab.page.keyboard.press(key);
  };
  const told = (name: string, value: string) =>
    tab.page.waitForURL((url) => url.searchParams.getAll(name).includes(value));

  test('keys alone lead to an entry, to the next, and back', async () => {
    await go('/trail');
    await press('j', 'j', 'Enter');
    const drawer = tab.page.getByRole('dialog');
    await drawer.getByRole('heading', { name: 'Proof' }).waitFor();
    const first = question().get('event');
    assert.deepEqual(await axeFaults(tab.page), []);
    await press('j');
    await tab.page.waitForURL((url) => url.searchParams.get('event') !== first);
    await press('Escape');
    await drawer.waitFor({ state: 'detached' });
    assert.equal(question().get('event'), null);
    const link = `/trail?event=${first}`;
    await go(link);
    await drawer.getByText(String(first)).first().waitFor();
    await press('Escape');
  });

  test('what is typed becomes conditions, offered as one types, that can be taken back', async () => {
    await go('/trail');
    await press('/');
    await tab.page.keyboard.type('outco');
    await tab.page.getByRole('option', { name: 'outcome:' }).waitFor();
    await press('ArrowDown', 'Enter');
    await tab.page.getByRole('option', { name: /policy_denied/ }).click();
    await told('outcome', 'policy_denied');
    await settled(tab.page);
    const outcomes = tab.page.locator('[role=row] [role=cell]:nth-child(5)');
    assert.deepEqual([...new Set(await outcomes.allInnerTexts())], ['policy denied']);
    await press('Backspace');
    await tab.page.waitForURL((url) => !url.searchParams.has('outcome'));
    await tab.page.getByLabel('Filter', { exact: true }).fill('nonsense:1');
    await press('Enter');
    await tab.page.getByRole('button', { name: 'Remove this condition' }).click();
    await rows().first().waitFor();
    await tab.page.goBack();
    await told('nonsense', '1');
  });

  test('values with their counts are chosen by the mouse, a range is drawn over the bars', async () => {
    await go('/trail');
    await tab.page.getByRole('checkbox', { name: /^policy_denied/ }).check();
    await told('outcome', 'policy_denied');
    const bars = tab.page.locator('figure svg');
    await bars.hover();
    await tab.page.mouse.down();
    await tab.page.mouse.move(900, 300);
    await tab.page.mouse.up();
    await tab.page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('to'));
    assert.deepEqual(await axeFaults(tab.page), []);
  });

  test('only what is in view is in the document, however far one scrolls', async () => {
    await go('/trail?category=api');
    for (let scrolls = 0; scrolls < 30; scrolls++) {
      await tab.page.mouse.wheel(0, 3000);
      await tab.page.waitForTimeout(30);
    }
    await tab.page.waitForFunction(() => scrollY > 20_000);
    assert.ok((await tab.page.locator('[role=row]').count()) < 80);
    await press('Home');
    await tab.page.waitForFunction(() => scrollY === 0);
    await rows().first().waitFor();
  });

  test('what comes while one follows is shown at once, or waits while one reads further down', async () => {
    await go('/trail?category=api');
    await press('l');
    await tab.page.getByRole('button', { name: 'Live', pressed: true }).waitFor();
    await settled(tab.page);
    await portal.server.request('POST', '/v1/events', {
      body: { event_type: 'api.called', reason: 'seen at once', outcome: 'success' },
    });
    await tab.page.getByText('seen at once').waitFor();
    await tab.page.mouse.wheel(0, 4000);
    await tab.page.waitForFunction(() => scrollY > 3000);
    const place = await tab.page.evaluate(() => scrollY);
    await portal.server.request('POST', '/v1/events', {
      body: { event_type: 'api.called', reason: 'seen later', outcome: 'success' },
    });
    const more = tab.page.getByRole('button', { name: '1 new' });
    await more.waitFor();
    assert.equal(await tab.page.evaluate(() => scrollY), place);
    await more.click();
    await tab.page.getByText('seen later').waitFor();
  });

  test('an execution is told step by step', async () => {
    await go('/executions');
    await press('j', 'Enter');
    await tab.page.getByRole('heading', { name: 'Step by step' }).waitFor();
    await settled(tab.page);
    assert.deepEqual(await axeFaults(tab.page), []);
  });

  test('a filtered view is exported', async () => {
    await go('/trail?outcome=policy_denied');
    await press('e');
    const begun = tab.page.waitForEvent('download');
    await tab.page.getByRole('menuitem', { name: 'CSV' }).click();
    assert.match((await begun).suggestedFilename(), /\.csv$/);
  });
});
