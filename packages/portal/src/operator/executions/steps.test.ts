import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Entry } from '../../shared/api/types.ts';
import { stepsOf } from './steps.ts';

const at = (ms: number) => new Date(Date.UTC(2026, 10, 21, 10) + ms).toISOString();
const entry = (seq: number, more: Partial<Entry>): Entry => ({
  event_id: `evt_${seq}`,
  seq,
  created_at: at(seq * 10),
  event_type: 'api.called',
  execution_id: 'exe_1',
  source: 'observed',
  ...more,
});
const told = (entries: readonly Entry[]) =>
  stepsOf(entries).map(({ kind, mood, after_ms }) => `${kind} ${mood} ${after_ms}`);

const call = { method: 'GET', url: 'https://m.test/a', provider: 'mail' };
const intent = entry(0, { event_type: 'credential.retrieved', policy_decision: 'ALLOW', ...call });

test('a call is announced, allowed, made, and ends', () => {
  const ended = entry(1, {
    ...call,
    policy_decision: 'ALLOW',
    outcome: 'success',
    response_status: 200,
  });
  assert.deepEqual(told([intent, ended]), [
    'intent open 0',
    'decision good 0',
    'effect good 10',
    'outcome good 10',
  ]);
});

test('a denial is one entry, a call that never ended has no end', () => {
  const denied = entry(0, {
    event_type: 'credential.denied',
    policy_decision: 'DENY',
    outcome: 'policy_denied',
  });
  assert.deepEqual(told([denied]), ['decision refused 0', 'outcome refused 0']);
  assert.deepEqual(told([intent]), ['intent open 0', 'decision good 0']);
  const unknown = entry(5, { ...call, outcome: 'unknown' });
  assert.deepEqual(told([intent, unknown]).at(-1), 'outcome open 50');
});

test('what people decide stands between', () => {
  const asked = entry(0, { event_type: 'approval.requested', verb: 'mail:send' });
  const approved = entry(1, {
    event_type: 'approval.approved',
    actor_type: 'operator',
    actor_id: 'x',
  });
  assert.deepEqual(told([asked, approved]), ['person open 0', 'person good 10']);
});
