import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WEEKDAYS } from '@affidavit/schema';
import type { PolicyTemplate, Weekday } from '@affidavit/schema';
import { decideBy, decisionInput, engine, stored } from './testing/fixtures.ts';

type TimeWindow = Extract<PolicyTemplate, { kind: 'time_window' }>;

const window = (days: Weekday[], from: string, to: string, time_zone = 'Europe/Berlin') =>
  ({ kind: 'time_window', days, from, to, time_zone }) satisfies TimeWindow;

function checkInstants(template: TimeWindow, instants: Record<string, 'ALLOW' | 'DENY'>) {
  const set = engine.compile([stored('pol_1', template)]);
  for (const [now, expected] of Object.entries(instants)) {
    assert.equal(engine.decide(set, decisionInput({ now })).policy_decision, expected, now);
  }
}

test('from is inclusive, to exclusive, by the wall clock of the zone', () => {
  checkInstants(window(['mon'], '09:00', '18:00'), {
    '2026-01-05T07:59:59.999Z': 'DENY',
    '2026-01-05T08:00:00.000Z': 'ALLOW',
    '2026-01-05T16:59:59.999Z': 'ALLOW',
    '2026-01-05T17:00:00.000Z': 'DENY',
    '2026-01-06T10:00:00.000Z': 'DENY',
    '2026-07-06T07:00:00.000Z': 'ALLOW',
    '2026-07-06T16:00:00.000Z': 'DENY',
  });
});

test('a window past midnight belongs to the day it starts on', () => {
  checkInstants(window(['fri'], '22:00', '06:00', 'UTC'), {
    '2026-01-02T00:00:00Z': 'DENY',
    '2026-01-02T05:59:00Z': 'DENY',
    '2026-01-02T21:59:59Z': 'DENY',
    '2026-01-02T22:00:00Z': 'ALLOW',
    '2026-01-03T00:00:00Z': 'ALLOW',
    '2026-01-03T05:59:59Z': 'ALLOW',
    '2026-01-03T06:00:00Z': 'DENY',
    '2026-01-03T22:00:00Z': 'DENY',
  });
  checkInstants(window(['sun'], '22:00', '06:00', 'UTC'), { '2026-01-05T05:00:00Z': 'ALLOW' });
});

test('whole days, and windows that end at midnight', () => {
  checkInstants(window(['thu'], '00:00', '24:00', 'UTC'), {
    '2025-12-31T23:59:59Z': 'DENY',
    '2026-01-01T00:00:00Z': 'ALLOW',
    '2026-01-01T23:59:59.999Z': 'ALLOW',
    '2026-01-02T00:00:00Z': 'DENY',
  });
  checkInstants(window(['thu'], '22:00', '00:00', 'UTC'), {
    '2026-01-01T23:59:59Z': 'ALLOW',
    '2026-01-02T00:00:00Z': 'DENY',
  });
});

test('the hour that daylight saving skips never comes; the hour it repeats comes twice', () => {
  const hour = window(['sun'], '02:00', '03:00');
  checkInstants(hour, {
    '2026-03-29T00:59:59Z': 'DENY',
    '2026-03-29T01:00:00Z': 'DENY',
    '2026-10-24T23:59:59Z': 'DENY',
    '2026-10-25T00:00:00Z': 'ALLOW',
    '2026-10-25T00:59:59Z': 'ALLOW',
    '2026-10-25T01:00:00Z': 'ALLOW',
    '2026-10-25T01:59:59Z': 'ALLOW',
    '2026-10-25T02:00:00Z': 'DENY',
  });
  checkInstants(window(['sat'], '22:00', '06:00'), {
    '2026-03-28T20:59:59Z': 'DENY',
    '2026-03-28T21:00:00Z': 'ALLOW',
    '2026-03-29T03:59:59Z': 'ALLOW',
    '2026-03-29T04:00:00Z': 'DENY',
    '2026-10-24T20:00:00Z': 'ALLOW',
    '2026-10-25T04:59:59Z': 'ALLOW',
    '2026-10-25T05:00:00Z': 'DENY',
  });
});

test('the decision says the local time it was compared with', () => {
  const policy = stored('pol_1', window(['mon', 'fri'], '09:00', '18:00'));
  const decision = decideBy([policy], { now: '2026-01-03T09:15:00Z' });
  assert.equal(decision.rule, 'time_window');
  assert.deepEqual(decision.policy_context['compared'], {
    time_zone: 'Europe/Berlin',
    weekday: 'sat',
    local_time: '10:15',
    now: '2026-01-03T09:15:00.000Z',
  });
  assert.equal(
    decision.explanation,
    'Policy "name of pol_1" (pol_1) allows calls on mon, fri from 09:00 to 18:00 Europe/Berlin; ' +
      'it was sat 10:15 there.',
  );
});

const DAY_MS = 86_400_000;
const dateText = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Windows as intervals of wall-clock text, one a day: another way to the same answer. */
function inWindowByText({ days, from, to, time_zone }: TimeWindow, now: Date): boolean {
  const local = now.toLocaleString('sv-SE', { timeZone: time_zone });
  const today = Date.parse(`${local.slice(0, 10)}T00:00:00Z`);
  return [today, today - DAY_MS].some((start) => {
    const day = WEEKDAYS[(new Date(start).getUTCDay() + 6) % 7];
    if (day === undefined || !days.includes(day)) return false;
    const end = from < to ? dateText(start) : dateText(start + DAY_MS);
    return local >= `${dateText(start)} ${from}` && local < `${end} ${to}:00`;
  });
}

const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 15, 30, 59))
  .map(([hour, minute]) => [hour, minute].map((part) => String(part).padStart(2, '0')).join(':'));

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Sao_Paulo',
];

test('agrees with a computation over wall-clock text, in every zone and around every switch', () => {
  const near = fc.constantFrom(
    '2026-03-29T01:00:00Z',
    '2026-10-25T01:00:00Z',
    '2026-04-04T15:00:00Z',
  );
  const instant = fc.oneof(
    fc.date({ min: new Date('2015-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }),
    fc
      .tuple(near, fc.integer({ min: -DAY_MS, max: DAY_MS }))
      .map(([at, offset]) => new Date(Date.parse(at) + offset)),
  );
  const days = fc.subarray([...WEEKDAYS], { minLength: 1 });
  fc.assert(
    fc.property(
      fc.record({ days, from: clock, to: clock, time_zone: fc.constantFrom(...ZONES) }),
      fc.array(instant, { minLength: 20, maxLength: 20 }),
      (chosen, instants) => {
        fc.pre(chosen.from !== chosen.to);
        const template: TimeWindow = { kind: 'time_window', ...chosen };
        const set = engine.compile([stored('pol_1', template)]);
        for (const now of instants) {
          const { policy_decision } = engine.decide(set, decisionInput({ now }));
          const expected = inWindowByText(template, now) ? 'ALLOW' : 'DENY';
          assert.equal(policy_decision, expected, now.toISOString());
        }
      },
    ),
    { numRuns: 100 },
  );
});
