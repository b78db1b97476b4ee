import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Turns } from './turns.ts';

test('so many at once, then the others in the order they came', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = async (number: number) => {
    ends[number] = await turns.take();
    begun.push(number);
  };
  const all = [0, 1, 2, 3, 4].map(work);
  await turn();
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.();
  await turn();
  assert.deepEqual(begun, [0, 1, 2]);
  ends[0]?.();
  ends[2]?.();
  await Promise.all(all);
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  for (const end of ends.slice(3)) end();
  await work(5);
  await work(6);
  assert.deepEqual(begun.slice(5), [5, 6]);
});
