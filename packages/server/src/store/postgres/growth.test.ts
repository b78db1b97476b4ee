import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Growth } from './growth.ts';
import type { Link } from './link.ts';

/** Longer than the pause. */
const LATER_MS = 80;

/** A connection that keeps what was told; one that fails is lost. */
function fakeLink(fails = false) {
  const told: unknown[] = [];
  const link = {
    lost: null as Error | null,
    query: async ({ values }: { values: unknown[] }) => {
      if (fails) throw (link.lost = new Error('gone'));
      told.push(...(values[1] as string[]).map((text) => JSON.parse(text) as unknown));
    },
  };
  return { told, link: link as unknown as Link };
}

const grown = (size: number) => new Map([[1, size]]);

test('is told at once, and then together with what comes in the pause', async () => {
  const { told, link } = fakeLink();
  const growth = new Growth();
  for (const size of [1, 2, 3]) {
    growth.hold();
    growth.release(link, grown(size));
  }
  assert.deepEqual(told, [{ app: 1, size: 1 }]);
  await delay(LATER_MS);
  assert.deepEqual(told.slice(1), [{ app: 1, size: 3 }]);
  await growth.end();
});

test('is not told within a transaction, but as soon as it has ended, however it did', async () => {
  const { told, link } = fakeLink();
  const growth = new Growth();
  growth.release(link, grown(1));
  growth.release(link, grown(2));
  growth.hold();
  await delay(LATER_MS);
  assert.equal(told.length, 1);
  growth.release(link, new Map());
  assert.deepEqual(told[1], { app: 1, size: 2 });
  await growth.end();
});

test('what could not be told is told by the next connection', async () => {
  const growth = new Growth();
  growth.release(fakeLink(true).link, grown(5));
  await delay(LATER_MS);
  const { told, link } = fakeLink();
  growth.release(link, new Map());
  assert.deepEqual(told, [{ app: 1, size: 5 }]);
  await growth.end();
});
