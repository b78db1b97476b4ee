import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Turn } from './turn.ts';

test('a turn is full when it is long and has had many requests, and the next one is not', async () => {
  let now = 0;
  const turn = new Turn(() => now);
  for (let requests = 0; requests < 256; requests++) assert.equal(turn.isFull(), false);
  assert.equal(turn.isFull(), false, 'many, but not long');
  now = 201;
  assert.equal(turn.isFull(), true);
  assert.equal(turn.isFull(), true);
  await nextTurn();
  assert.equal(turn.isFull(), false);
  now = 10_000;
  for (let requests = 1; requests < 256; requests++) assert.equal(turn.isFull(), false, 'few');
  assert.equal(turn.isFull(), true);
});
