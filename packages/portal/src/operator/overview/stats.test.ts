import assert from 'node:assert/strict';
import { test } from 'node:test';

import { periodOfSteps, seriesOf, type Figures, type Stats } from './stats.ts';

const total: Figures = {
  count: 3,
  failure_rate: 0,
  block_rate: 0,
  replay_rate: 0,
  unknown_rate: 0,
  dry_run_rate: 0,
  duration_ms: null,
};
const stats: Stats = {
  total,
  groups: [{ ...total, at: '2026-11-21T10:00:00.000Z' }],
  complete: true,
  from: '2026-11-21T10:12:00.000Z',
  to: '2026-11-21T10:50:00.000Z',
};
const NOW = Date.parse('2026-11-21T12:30:00.000Z');
const hours = (series: { at: readonly number[] }) =>
  series.at.map((at) => new Date(at).toISOString().slice(11, 13)).join(' ');

test('steps without calls are there too', () => {
  const series = seriesOf(stats, { from: '2026-11-21T08:50:00Z' }, 'hour', NOW);
  assert.equal(hours(series), '08 09 10 11 12');
  assert.deepEqual(
    series.points.map((point) => point?.count ?? null),
    [null, null, 3, null, null],
  );
});

test('what was not counted is not drawn as nothing', () => {
  const some = { ...stats, complete: false };
  assert.equal(hours(seriesOf(some, { from: '2026-11-21T08:50:00Z' }, 'hour', NOW)), '10 11 12');
});

test('a period ends before its end, and all time where the last call was', () => {
  const period = { from: '2026-11-21T09:00:00Z', to: '2026-11-21T11:00:00Z' };
  assert.equal(hours(seriesOf(stats, period, 'hour', NOW)), '09 10');
  assert.equal(hours(seriesOf(stats, {}, 'hour', NOW)), '10');
  const nothing = { ...stats, groups: [], from: null, to: null };
  assert.equal(hours(seriesOf(nothing, {}, 'hour', NOW)), '12');
});

test('steps lead to the period behind them', () => {
  const at = [Date.parse('2026-11-21T09:00:00Z'), Date.parse('2026-11-21T10:00:00Z')];
  assert.deepEqual(periodOfSteps(at, 0, 1, 'hour'), {
    from: '2026-11-21T09:00:00.000Z',
    to: '2026-11-21T11:00:00.000Z',
  });
});
