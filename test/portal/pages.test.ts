import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  axeFaults,
  openPortal,
  overflow,
  withoutPortal,
  type Portal,
  type Tab,
  visit,
} from '../support/portal.ts';
import { HOSTILE, layOut } from '../support/portal-world.ts';

/** Every page of the portal, empty and with contents that mean harm: it shows, holds, and axe is content. */

const PATHS = [
  '/',
  '/trail',
  '/executions',
  '/runs',
  '/agents',
  '/people',
  '/grants',
  '/grants?tab=providers',
  '/grants?tab=secrets',
  '/policies',
  '/approvals',
  '/verbs',
  '/destinations',
  '/monitors',
  '/evidence',
  '/reports',
  ...[
    'keys',
    'operators',
    'sessions',
    'identity',
    'retention',
    'holds',
    'erasures',
    'apps',
    'callers',
    'signing',
    'witnesses',
    'about',
  ].map((tab) => `/settings?tab=${tab}`),
];
const PHONE = { viewport: { width: 390, height: 844 } };

suite('the pages of the portal', { skip: withoutPortal }, () => {
  let portal: Portal;

  before(async () => {
    portal = await openPortal();
  });
  after(() => portal?.close());

  async function walk(
    { page }: Tab,
    paths: readonly string[],
    check: (path: string) => Promise<void>,
  ) {
    for (const path of paths) {
      await visit(page, portal.server.url + path);
      await check(path);
    }
  }

  test('with nothing on the trail, each says what to do next', async () => {
    const tab = await portal.open('/');
    await walk(tab, PATHS, async (path) => {
      assert.deepEqual(await axeFaults(tab.page), [], path);
      assert.deepEqual(tab.troubles.splice(0), [], path);
    });
    await tab.close();
  });

  suite('with contents that mean harm', () => {
    let about: readonly string[];

    before(async () => {
      about = await layOut(portal.server);
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`they are shown as text, and axe is content (${colorScheme})`, async () => {
        const tab = await portal.open('/', { colorScheme });
        await walk(tab, [...PATHS, ...about], async (path) => {
          assert.deepEqual(await axeFaults(tab.page), [], path);
          assert.deepEqual(tab.troubles.splice(0), [], path);
          const harmed = await tab.page.evaluate(
            () =>
              'harmed' in globalThis ||
              document.querySelector('main img[src="x"], main script') !== null,
          );
          assert.equal(harmed, false, path);
        });
        await tab.close();
      });
    }

    test('the trail shows the harm as it was written', async () => {
      const tab = await portal.open('/trail?event_type=tool.called');
      const entries = tab.page.getByRole('table', { name: 'Entries' });
      await entries.getByText(HOSTILE.html.slice(0, 20)).first().waitFor();
      await tab.close();
    });

    test('none is wider than a phone', async () => {
      const tab = await portal.open('/', PHONE);
      await walk(tab, [...PATHS, ...about], async (path) => {
        assert.deepEqual(await overflow(tab.page), [], `${path} is wider than a phone`);
      });
      await tab.close();
    });
  });
});
