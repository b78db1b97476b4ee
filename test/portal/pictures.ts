import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { BrowserContextOptions, Page } from 'playwright-core';

import { SAMPLE_AGENTS } from '../support/sample-cast.ts';
import { sampleEvents } from '../support/sample-events.ts';
import { openPortal, openTab, settled, type Portal } from '../support/portal.ts';
import type { Affidavit } from '../support/server.ts';
import { ask } from '../support/world.ts';

/**
 * Takes the pictures of the README from the real thing: `npm run pictures`. A server whose clock
 * passes a week in a minute and a half gets the sample trail hour by hour; then its clock is right, the
 * demo plays on it, and the pages are looked at.
 */

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const CLOCK = new URL('../support/fast-clock.ts', import.meta.url).href;
const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

const DAYS = 7;
const TAKES_MS = 90_000;
/** Until the server has started. */
const STARTS_MS = 12_000;
const ENTRIES = 100_000;
const BATCH = 250;
const TRIES = 50;

/** Again where the clock jumped beyond the deadline of a write: the ids make that safe. */
async function post(server: Affidavit, events: readonly object[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { status, text } = await server.request('POST', '/v1/events', { body: { events } });
    if (status === 201) return;
    if (status !== 503 || tries === TRIES) throw new Error(text);
  }
}

/** Each event when it is its turn: by day more than by night, as the sample has it. */
async function fill(server: Affidavit, began: number): Promise<void> {
  const agentIds = new Map<string, string>();
  for (const { name } of SAMPLE_AGENTS) {
    const made = await ask<{ agent_id: string }>(server, 201, 'POST', '/v1/agents', {
      body: { name },
    });
    agentIds.set(name, made.agent_id);
  }
  const wish = { seed: 7, entries: ENTRIES, until: began, agentIds };
  const month_ms = 30 * 86_400_000;
  let number = 0;
  let batch: object[] = [];
  for (const { occurred_at, ...event } of sampleEvents(wish) as Iterable<{ occurred_at: string }>) {
    const share = 1 - (began - Date.parse(occurred_at)) / month_ms;
    batch.push({ event_id: `evt_picture_${number++}`, ...event });
    if (batch.length < BATCH) continue;
    const due = began + share * TAKES_MS;
    if (due > Date.now()) await delay(due - Date.now());
    await post(server, batch);
    batch = [];
  }
  if (began + TAKES_MS > Date.now()) await delay(began + TAKES_MS - Date.now());
}

async function playDemo({ url, adminKey }: Affidavit): Promise<void> {
  const env = { ...process.env, AFFIDAVIT_URL: url, AFFIDAVIT_ADMIN_KEY: adminKey };
  const child = spawn(process.execPath, [CLI, 'demo', '--url', url], { env, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`the demo ended with ${code}`);
}

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly options?: BrowserContextOptions;
  /** What is done on the page before. */
  readonly before?: (page: Page) => Promise<void>;
}

const DARK: BrowserContextOptions = { colorScheme: 'dark' };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
};

async function openFirst(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('link', { name }).first().click();
  await settled(page);
  await page.waitForTimeout(800);
}

async function checkAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page
    .getByText(/entries are|is sound|nothing was/i)
    .first()
    .waitFor({ timeout: 60_000 });
}

const SHOTS: readonly Shot[] = [
  { name: 'overview', path: '/?range=7d' },
  { name: 'trail', path: '/trail?category=api&category=action&category=credential&range=7d' },
  {
    name: 'entry',
    path: '/trail?outcome=policy_denied',
    options: DARK,
    before: (page) => openFirst(page, /asked for/),
  },
  { name: 'run', path: '/runs', before: (page) => openFirst(page, /Ticket 7731/) },
  { name: 'policies', path: '/policies', before: (page) => openFirst(page, /Invoices only/) },
  { name: 'evidence', path: '/evidence', before: checkAll },
];

async function shoot(portal: Portal, { name, path, options = {}, before }: Shot): Promise<void> {
  const tab = await portal.open(path, options);
  await before?.(tab.page);
  await tab.page.waitForTimeout(1500);
  await tab.page.screenshot({ path: `${IMAGES}${name}.png` });
  await tab.close();
}

async function shootWallet({ browser, server }: Portal): Promise<void> {
  const body = { principal_id: 'alice' };
  const { url } = await ask<{ url: string }>(server, 201, 'POST', '/v1/wallet/sessions', { body });
  const { page, close } = await openTab(browser, server, PHONE);
  await page.goto(url);
  await page.getByRole('button').first().click();
  await page.getByRole('tab').first().waitFor();
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `${IMAGES}wallet-access.png` });
  await page.getByRole('tab').nth(1).click();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${IMAGES}wallet-activity.png` });
  await close();
}

mkdirSync(IMAGES, { recursive: true });
const began = Date.now() + STARTS_MS;
const portal = await openPortal({
  env: {
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${CLOCK}`,
    FAST_CLOCK_BEGAN: String(began),
    FAST_CLOCK_DAYS: String(DAYS),
    FAST_CLOCK_TAKES_MS: String(TAKES_MS),
  },
});
console.log(`A week passes on ${portal.server.url} …`);
await fill(portal.server, began);
console.log('The demo plays …');
await playDemo(portal.server);
for (const shot of SHOTS) {
  console.log(shot.name);
  await shoot(portal, shot);
}
console.log('wallet');
await shootWallet(portal);
await portal.close();
