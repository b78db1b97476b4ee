import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

import { startBrowser, withoutBrowser } from './browser.ts';
import { startAffidavit, type Affidavit, type StartOptions } from './server.ts';

/** For tests: the portal as a person has it, in Debian's Chromium, signed in by a one-time link. */

const PAGES = fileURLToPath(new URL('../../packages/portal/dist/pages', import.meta.url));

/** For `skip` of a test: says what is then not tested. */
export const withoutPortal =
  withoutBrowser || (!existsSync(PAGES) && 'no built pages (npm run prepare): not tested');

/** Rules of WCAG 2.2 AA, as far as a program can check them. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WAIT_MS = 15_000;

export interface Portal {
  readonly server: Affidavit;
  readonly browser: Browser;
  /** A tab of somebody who is signed in as owner. Whatever goes wrong in it is in `troubles`. */
  open(path: string, options?: BrowserContextOptions): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refusals of the content security policy, requests to other hosts. */
  readonly troubles: string[];
  close(): Promise<void>;
}

/** A one-time link that signs in, made with the admin key. */
export async function signInLink(server: Affidavit, body: object = {}): Promise<string> {
  const answer = await server.request<{ url: string }>('POST', '/v1/sign-in-links', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.url;
}

export async function openPortal(options: StartOptions = {}): Promise<Portal> {
  const [server, browser] = await Promise.all([startAffidavit(options), startBrowser()]);
  return {
    server,
    browser,
    open: async (path, contextOptions) => {
      const tab = await openTab(browser, server, contextOptions);
      await signIn(tab.page, await signInLink(server));
      await visit(tab.page, server.url + path);
      return tab;
    },
    close: async () => {
      await browser.close();
      assert.equal(await server.stop(), 0);
    },
  };
}

/** A fresh profile that nobody is signed in to. */
export async function openTab(
  browser: Browser,
  server: Affidavit,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // The browser's own line for an answer that is no success; the page tells it in words.
    if (/Failed to load resource: the server responded with a status of 4\d\d/.test(message.text()))
      return;
    troubles.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== server.url) {
      troubles.push(`request to ${url.origin}`);
    }
  });
  return { page, context, troubles, close: () => context.close() };
}

export async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('navigation', { name: 'Pages' })
    .or(page.getByRole('button', { name: 'Open the menu' }))
    .first()
    .waitFor();
}

/** Goes there, and waits until the page has said what it has. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await settled(page);
}

/** Until nothing says that it is loading. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[role=status]') === null, undefined, {
    timeout: WAIT_MS,
  });
}

/** What axe finds wrong with the page as it is now; empty where it finds nothing. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async (rules) => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe };
    const found = await checker.run(document, { runOnly: rules });
    return found.violations.map(({ id, nodes }) => ({
      id,
      where: nodes
        .slice(0, 4)
        .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`),
    }));
  }, RULES);
  return violations.map(({ id, where }) => `${id}: ${where.join(' | ')}`);
}

/** What makes the page wider than its window; empty where nothing does. */
export const overflow = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (one) =>
        one.getBoundingClientRect().right > clientWidth &&
        !one.parentElement?.closest('[class*=overflow-]'),
    );
    return [`${scrollWidth} px`, ...wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 200))];
  });
