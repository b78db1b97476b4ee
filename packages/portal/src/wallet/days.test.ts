import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byDay, dayStart } from './days.ts';

test('rows are put under their days', () => {
  const now = new Date(2026, 10, 21, 12).getTime();
  const at = (day: number, hour: number) => ({
    created_at: new Date(2026, 10, day, hour).toISOString(),
  });
  const days = byDay([at(21, 11), at(21, 0), at(20, 23), at(3, 9)], now);
  assert.deepEqual(
    days.map(({ name, rows }) => [name, rows.length]),
    [
      ['Today', 2],
      ['Yesterday', 1],
      ['Tuesday 3 November', 1],
    ],
  );
});

test('a date is its day where the reader is', () => {
  assert.equal(dayStart('2026-11-30', 1), new Date(2026, 11, 1).toISOString());
  assert.deepEqual([dayStart(undefined), dayStart('soon')], [undefined, undefined]);
});
