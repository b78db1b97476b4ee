import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commonSize, type WitnessView } from './reads.ts';
import { statusOf, type WitnessStatus } from './status.ts';

const NOW = 1_790_000_000_000;
const MINUTE_MS = 60_000;

const followed: WitnessView = {
  app: 1,
  app_id: 'app_default',
  witness_id: 'wit_1',
  name: 'witness.example/w1',
  url: 'https://witness.example',
  vkey: 'witness.example/w1+…',
  created_at: NOW - 100 * MINUTE_MS,
  cosigned_size: 100,
  answered_at: NOW,
  error: null,
  conflict: null,
  size: 100,
};

const cases: readonly (readonly [string, Partial<WitnessView>, WitnessStatus])[] = [
  ['all is cosigned', {}, 'ok'],
  ['all was cosigned, on a quiet ledger', { answered_at: NOW - 10 * MINUTE_MS }, 'ok'],
  ['the ledger has just grown', { size: 150, answered_at: NOW - 5000 }, 'ok'],
  [
    'the ledger has grown and it was not asked in time',
    { size: 150, answered_at: NOW - 2 * MINUTE_MS },
    'behind',
  ],
  ['it has failed once since', { size: 150, error: 'there was no answer' }, 'behind'],
  ['it has failed, and there is nothing new', { error: 'there was no answer' }, 'ok'],
  ['it is silent', { answered_at: NOW - 16 * MINUTE_MS }, 'missing'],
  ['it was never heard', { cosigned_size: null, answered_at: null }, 'missing'],
  [
    'it was never heard, and said why',
    { cosigned_size: null, answered_at: null, error: 'x' },
    'missing',
  ],
  ['it holds another history', { conflict: '{}', answered_at: null }, 'conflict'],
];
for (const [title, state, status] of cases) {
  test(`when ${title}, it is ${status}`, () => {
    assert.equal(statusOf({ ...followed, ...state }, NOW), status);
  });
}

test('the common size is the largest that all have cosigned', () => {
  const places = [
    ['a', 10],
    ['a', 30],
    ['b', 10],
    ['b', 20],
    ['c', 10],
    ['c', 20],
    ['c', 30],
  ].map(([witness_id, size]) => ({ witness_id: String(witness_id), size: Number(size) }));
  assert.equal(commonSize(places, ['a', 'b', 'c']), 10);
  assert.equal(commonSize(places, ['b', 'c']), 20);
  assert.equal(commonSize(places, ['a', 'c']), 30);
  assert.equal(commonSize(places, ['a', 'd']), null);
  assert.equal(commonSize(places, []), null);
  assert.equal(commonSize([], ['a']), null);
});
