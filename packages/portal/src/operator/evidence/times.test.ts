import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromField, readPlace, toField } from './times.ts';

test('a time goes into a field and comes back as it was', () => {
  const iso = '2026-11-21T09:30:05.000Z';
  assert.equal(fromField(toField(iso)), iso);
  assert.deepEqual([toField(undefined), toField('soon'), fromField('')], ['', '', undefined]);
});

test('a position may be typed as it is shown', () => {
  assert.deepEqual(['1,234', ' 12 ', '0'].map(readPlace), [1234, 12, 0]);
  assert.deepEqual(['-1', 'x', '', '1e3', '9'.repeat(16)].map(readPlace), Array(5).fill(undefined));
});
