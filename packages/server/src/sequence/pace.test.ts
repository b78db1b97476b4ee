import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pace } from './pace.ts';

test('nothing is expected before anything is known', () => {
  assert.equal(new Pace().expectedMs(10_000), 0);
});

test('full batches tell, small ones only that it goes faster than known', () => {
  const pace = new Pace();
  pace.learn(1, 5, false);
  assert.equal(pace.expectedMs(1000), 0, 'a commit has its price however few are in it');
  pace.learn(1000, 200, true);
  assert.equal(pace.expectedMs(1000), 200);
  pace.learn(1, 5, false);
  assert.equal(pace.expectedMs(1000), 200);
  pace.learn(1000, 100, false);
  assert.equal(pace.expectedMs(1000), 170);
});

test('what is slower for a while is followed, and left behind again', () => {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) pace.learn(1000, 1000, true);
  assert.ok(Math.abs(pace.expectedMs(1000) - 1000) < 1);
  for (let i = 0; i < 20; i++) pace.learn(1000, 50, true);
  assert.ok(pace.expectedMs(1000) < 60);
});
