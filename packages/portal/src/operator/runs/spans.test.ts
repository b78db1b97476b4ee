import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Entry } from '../../shared/api/types.ts';
import { frameOf, placeIn, spansOf, timeAt } from './spans.ts';
import { findingInWords, verdictOf } from './verdict-words.ts';

const at = (second: number) => `2026-11-21T10:00:${String(second).padStart(2, '0')}.000Z`;
let seq = 0;
const entry = (second: number, more: Partial<Entry>): Entry => ({
  event_id: `evt_${seq}`,
  seq: seq++,
  created_at: at(second),
  event_type: 'api.called',
  ...more,
});

test('an execution lasts from its intent to its outcome, in the order in which they began', () => {
  const entries = [
    entry(1, { execution_id: 'a' }),
    entry(2, { execution_id: 'b' }),
    entry(3, { execution_id: 'b', outcome: 'success' }),
    entry(5, { execution_id: 'a', outcome: 'policy_denied' }),
    entry(6, { event_type: 'agent.noted' }),
    entry(9, { execution_id: 'c', outcome: 'success', latency_ms: 2000 }),
    entry(9, { execution_id: 'd' }),
  ];
  const spans = spansOf(entries);
  const told = spans.map(({ entry: shown, start, end, isOpen }) => [
    shown.execution_id ?? shown.event_type,
    new Date(start).getSeconds(),
    new Date(end).getSeconds(),
    isOpen,
  ]);
  assert.deepEqual(told, [
    ['a', 1, 5, false],
    ['b', 2, 3, false],
    ['agent.noted', 6, 6, false],
    ['c', 7, 9, false],
    ['d', 9, 9, true],
  ]);
  const frame = frameOf(spans);
  assert.deepEqual([placeIn(frame, frame.from), placeIn(frame, Date.parse(at(5)))], [0, 50]);
});

test('a frame has a length, even around one moment', () => {
  const frame = frameOf(spansOf([entry(1, {})]));
  assert.equal(frame.to - frame.from, 1);
});

test('a long wait is cut, so that the calls are to be seen', () => {
  const late = { ...entry(0, {}), created_at: '2026-11-21T14:00:00.000Z' };
  const spans = spansOf([entry(0, {}), entry(5, {}), entry(10, {}), late]);
  const frame = frameOf(spans);
  assert.deepEqual(frame.cuts, [{ from: Date.parse(at(10)), to: Date.parse(late.created_at) }]);
  const places = spans.map(({ start }) => Math.round(placeIn(frame, start)));
  assert.deepEqual(places, [0, 46, 93, 100]);
  assert.equal(Math.round((timeAt(frame, 46.3) - frame.from) / 1000), 5);
});

const BASELINE = {
  verdict: 'novel',
  findings: [],
  runs_compared: 12,
  run_ids: [],
  thresholds: { runs_min: 5 },
} as const;

test('findings are sentences', () => {
  const said = [
    { check: 'first_seen', dimension: 'provider', value: 'mail', prior_runs: 0 } as const,
    { check: 'rare', dimension: 'hours', value: '20-24', prior_runs: 1 } as const,
    { check: 'volume', measure: 'calls', value: 120, median: 8, mad: 1, threshold: 18 } as const,
  ].map((finding) => findingInWords(finding, BASELINE));
  assert.deepEqual(said, [
    'No earlier run used the provider mail.',
    'Only 1 of 12 earlier runs was at work between 20 and 24 o’clock (UTC).',
    'It had 120 calls. Half of the earlier runs had 8 or fewer; more than 18 is unusual.',
  ]);
  const { about } = verdictOf({ ...BASELINE, verdict: 'insufficient_history', runs_compared: 1 });
  assert.match(about, /5 earlier ones of its agent; there is 1\./);
});
