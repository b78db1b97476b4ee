import { existsSync } from 'node:fs';

import { chromium, type Browser } from 'playwright-core';

/** For tests: Debian's Chromium, without anything that reaches for the network by itself. */

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = PLACES.find((place) => existsSync(place));

/** For `skip` of a test: says what is then not tested. */
export const withoutBrowser =
  executablePath === undefined && 'no Chromium: what happens in a browser is not tested';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const START_MS = 60_000;

/** With a profile of its own, which goes with it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: FLAGS,
    headless: true,
    timeout: START_MS,
  });
}
