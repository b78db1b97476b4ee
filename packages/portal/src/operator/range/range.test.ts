import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choiceOf, fromLocalInput, intervalOf, periodOf, toLocalInput } from './range.ts';

const NOW = Date.parse('2026-11-21T12:34:56.789Z');

test('a range until now begins at a round time, so that it is the same question for a while', () => {
  assert.deepEqual(periodOf({ range: '24h' }, '7d', NOW), { from: '2026-11-20T12:30:00.000Z' });
  assert.deepEqual(periodOf({}, '15m', NOW), { from: '2026-11-21T12:19:00.000Z' });
  assert.deepEqual(periodOf({ range: 'all' }, '24h', NOW), {});
});

test('two moments win over a range', () => {
  const search = { range: '24h', from: '2026-11-01T00:00:00Z' };
  assert.deepEqual(periodOf(search, '24h', NOW), { from: '2026-11-01T00:00:00Z' });
  assert.equal(choiceOf(search, '24h'), 'custom');
  assert.equal(choiceOf({ range: 'nonsense' }, '24h'), 'all');
});

test('points are as fine as the period is short', () => {
  assert.equal(intervalOf(periodOf({ range: '1h' }, '', NOW), NOW), 'minute');
  assert.equal(intervalOf(periodOf({ range: '7d' }, '', NOW), NOW), '6hours');
  assert.equal(intervalOf({}, NOW), 'day');
});

test('a field of the browser keeps the moment', () => {
  const time = '2026-11-21T12:34:56.000Z';
  assert.equal(fromLocalInput(toLocalInput(time)), time);
  assert.equal(toLocalInput('no time'), '');
  assert.equal(fromLocalInput(''), undefined);
});
