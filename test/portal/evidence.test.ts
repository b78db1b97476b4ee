import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { Page } from 'playwright-core';

import {
  axeFaults,
  openPortal,
  settled,
  withoutPortal,
  type Portal,
  type Tab,
} from '../support/portal.ts';
import { temporaryFolder } from '../support/server.ts';
import { intrude } from '../support/tampering.ts';
import { write } from '../support/trail.ts';
import { ask } from '../support/world.ts';
import { newEvent } from '../support/writers.ts';

/** The evidence page: what it says of a sound ledger, and that it sees what was tampered with. */

const ENTRIES = 600;

suite('the evidence page', { skip: withoutPortal }, () => {
  let portal: Portal;
  let tab: Tab;
  let page: Page;
  let dataFolder: string;

  before(async () => {
    dataFolder = temporaryFolder();
    portal = await openPortal({ dataFolder });
    const events = Array.from({ length: ENTRIES }, () => newEvent({ args: { order: 1 } }));
    await write(portal.server, { events });
    tab = await portal.open('/evidence');
    ({ page } = tab);
  });
  after(() => portal?.close());

  const section = (title: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: title }) });
  const check = () =>
    section('Check in this browser').getByRole('button', { name: 'Check' }).click();
  const visit = async (path: string) => {
    await page.goto(portal.server.url + path);
    await page.getByText('The newest checkpoint is signed').waitFor();
  };

  test('finds a sound ledger sound: whole, in part, and each entry', async () => {
    const own = section('Check in this browser');
    await check();
    await own.getByText(/^All \d+ entries of the ledger\./).waitFor();
    await own.getByLabel('What').selectOption('tiles');
    await check();
    await own.getByText('every hash of the tree').waitFor();
    await own.getByLabel('What').selectOption('places');
    await own.getByLabel('First position').fill('100');
    await own.getByLabel('Last position').fill('90');
    await check();
    await own.getByText('The last is before the first.').waitFor();
    await own.getByLabel('Last position').fill('300');
    await check();
    await own.getByText('these entries are in the ledger').waitFor();
    assert.match(page.url(), /what=places&?/);
    await section('Ask the server').getByRole('button', { name: 'Ask the server' }).click();
    await page.getByText('The server found its ledger sound').waitFor();
    assert.deepEqual(await axeFaults(page), []);
  });

  test('says on the next visit that the ledger has only grown', async () => {
    await write(portal.server, { events: [newEvent()] });
    await visit('/evidence');
    await page.getByText('This ledger has only grown since you last looked').waitFor();
    await ask(portal.server, 201, 'POST', '/v1/ledger/keys/rotate', { body: {} });
    await visit('/evidence');
    await page.getByText('This ledger has only grown since you last looked').waitFor();
    await page.getByText('each handed the ledger on to the next').waitFor();
  });

  test('opens one entry that a link names, and shows what was recorded', async () => {
    await visit('/evidence?seq=300');
    await section('Check in this browser').getByText('What was recorded, as').waitFor();
    await page.getByText('"order": 1').waitFor();
    await section('Check in this browser').getByLabel('What').selectOption('all');
    await check();
    await section('Check in this browser')
      .getByText(/^All \d+ entries/)
      .waitFor();
    assert.doesNotMatch(page.url(), /seq=/);
  });

  test('checks a bundle that was kept, and finds a changed letter in it', async () => {
    const { bytes } = await portal.server.request('GET', '/v1/events/bundle');
    const drop = (buffer: Buffer) =>
      page.setInputFiles('input[type=file]', {
        name: 'b.tar',
        mimeType: 'application/x-tar',
        buffer,
      });
    await drop(bytes);
    await section('Check a file')
      .getByText(/Evidence bundle with \d+ entries/)
      .waitFor();
    const changed = Buffer.from(bytes);
    const at = changed.indexOf('"event_type"', changed.length / 2) + 3;
    changed[at] = (changed[at] as number) ^ 1;
    await drop(changed);
    await section('Check a file').getByText('Damage was found').waitFor();
    await page.setInputFiles('input[type=file]', {
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('shopping list'),
    });
    await section('Check a file').getByText('none that can be checked here').waitFor();
  });

  test('sounds the alarm when the ledger is set back', async () => {
    const path = '/v1/ledgers/app_default';
    const older = await ask<object>(portal.server, 200, 'GET', path);
    await write(portal.server, { events: [newEvent()] });
    await visit('/evidence');
    await page.getByText('This ledger has only grown').waitFor();
    await page.route(`**${path}`, (route) => route.fulfill({ json: older }));
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('It was set back.').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.unroute(`**${path}`);
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('just as it was when you last looked').waitFor();
  });

  test('names the entry that was changed in the database, and leads to it', async () => {
    const intruder = await intrude(dataFolder);
    const { data } = await ask<{ data: { seq: number; event_id: string }[] }>(
      portal.server,
      200,
      'GET',
      '/v1/events?limit=1&event_type=order.placed',
    );
    const [{ seq, event_id }] = data as [{ seq: number; event_id: string }];
    await intruder.run(
      `UPDATE entries SET header = replace(header, '"v":1', '"v":2') WHERE app = 1 AND seq = ${seq - 40}`,
    );
    await visit('/evidence');
    await check();
    await section('Check in this browser').getByText('Damage was found').waitFor();
    await page.getByText(`At entry ${seq - 40}: what stands here is not an entry.`).waitFor();
    await intruder.run(
      `UPDATE entries SET header = replace(header, '"v":2', '"v":1') WHERE app = 1 AND seq = ${seq - 40};
       UPDATE parts SET body = replace(body, 'load', 'loot') WHERE app = 1 AND seq = ${seq}`,
    );
    await visit(`/evidence?event=${event_id}`);
    await section('Check in this browser').getByText('Damage was found').waitFor();
    await page.getByText('is not the one committed to').waitFor();
    await page.getByRole('link', { name: 'Show the entry in the trail' }).click();
    await page.waitForURL(/\/trail\?event_id=/);
    await settled(page);
    assert.deepEqual(tab.troubles, []);
  });
});
