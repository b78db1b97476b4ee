import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { INTERVALS_MS, intervalsIn, roundInterval, startOf } from './intervals.ts';

const at = (text: string) => Date.parse(text);
const shown = (time: number) => new Date(time).toISOString();

test('hours and days begin in UTC, weeks on Mondays', () => {
  const time = at('2026-11-21T15:47:12.345Z');
  assert.equal(shown(startOf(time, INTERVALS_MS['15minutes'])), '2026-11-21T15:45:00.000Z');
  assert.equal(shown(startOf(time, INTERVALS_MS.day)), '2026-11-21T00:00:00.000Z');
  assert.equal(shown(startOf(time, INTERVALS_MS.week)), '2026-11-16T00:00:00.000Z');
  assert.equal(shown(startOf(at('1969-12-31'), INTERVALS_MS.week)), '1969-12-29T00:00:00.000Z');
});

test('the interval is the shortest round one', () => {
  const from = at('2026-11-21T15:00:00Z');
  const cases: readonly [end: string, most: number, interval_ms: number][] = [
    ['2026-11-21T15:00:00.001Z', 60, 1000],
    ['2026-11-21T15:15:00Z', 60, 15_000],
    ['2026-11-21T16:00:00Z', 60, 60_000],
    ['2026-11-21T16:00:00.001Z', 60, 120_000],
    ['2026-11-22T15:00:00Z', 60, 30 * 60_000],
    ['2026-12-20T15:00:00Z', 60, 12 * 3_600_000],
    ['2027-11-21T15:00:00Z', 60, 7 * 86_400_000],
  ];
  for (const [end, most, interval_ms] of cases) {
    assert.equal(roundInterval(from, at(end), most), interval_ms, end);
  }
});

test('whatever the time, there are no more intervals than asked for, and they cover it', () => {
  const time = fc.integer({ min: at('0001-01-01'), max: at('9999-12-31') });
  fc.assert(
    fc.property(time, time, fc.integer({ min: 2, max: 400 }), (one, other, most) => {
      const [first, end] = [Math.min(one, other), Math.max(one, other) + 1];
      const interval_ms = roundInterval(first, end, most);
      const count = intervalsIn(first, end, interval_ms);
      const start = startOf(first, interval_ms);
      assert.ok(count >= 1 && count <= most, `${count}`);
      assert.ok(start <= first && first < start + interval_ms);
      assert.ok(start + count * interval_ms >= end && start + (count - 1) * interval_ms < end);
    }),
    { numRuns: 500 },
  );
});
