import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Machine, type Group, type Observed, type Rule, type Transition } from './machine.ts';

/** The machine against counting everything anew at every moment at which something can change. */

interface Said {
  readonly what: string;
  readonly at: number;
  readonly group: string;
}

const START = 1_000_000;

const anyEvents = fc
  .array(fc.record({ gap: fc.nat(6), group: fc.constantFrom('a', 'b', 'c') }), { maxLength: 60 })
  .map((list) => {
    let at = START;
    return list.map(({ gap, group }, i): Observed => {
      at += gap;
      return { at, event_id: `evt_${i}`, group, learning: false };
    });
  });
const anyRule = (kind: Rule['kind']) =>
  fc.record({
    kind: fc.constant(kind),
    threshold: fc.nat(4),
    window_ms: fc.integer({ min: 1, max: 15 }),
    made_at: fc.constant(START),
  });

/** With time going by between entries, and the memory put away and taken out again at any moment. */
function drive(rule: Rule, events: readonly Observed[], restarts: readonly number[]): Transition[] {
  let ids = 0;
  const stored = new Map<string, Group>();
  const open = () => new Machine(rule, stored, () => `alm_${ids++}`);
  let machine = open();
  const said: Transition[] = [];
  for (const [index, event] of events.entries()) {
    if (restarts.includes(index)) {
      for (const [name, group] of machine.takeChanges())
        if (group) stored.set(name, JSON.parse(JSON.stringify(group)) as Group);
        else stored.delete(name);
      machine = open();
    }
    said.push(...machine.advance(event.at - 1), ...machine.take(event));
  }
  return [...said, ...machine.advance(Number.MAX_SAFE_INTEGER)];
}

const plain = (said: readonly Transition[]): Said[] =>
  said
    .filter(({ what }) => what !== 'updated')
    .map(({ what, at, group }) => ({ what, at, group }))
    .sort(byTime);
const byTime = (a: Said, b: Said) =>
  a.at - b.at || a.group.localeCompare(b.group) || b.what.localeCompare(a.what);

/** Whether it is so, asked at every time at which an entry comes or leaves a window. */
function recount(
  events: readonly Observed[],
  window_ms: number,
  isSo: (times: readonly number[], now: number) => boolean,
): Said[] {
  const said: Said[] = [];
  for (const group of new Set(events.map((event) => event.group))) {
    const times = events.filter((event) => event.group === group).map(({ at }) => at);
    const moments = [...new Set(times.flatMap((at) => [at, at + window_ms]))].sort((a, b) => a - b);
    let was = false;
    for (const now of moments) {
      const is = isSo(times, now);
      if (is !== was) said.push({ what: is ? 'raised' : 'resolved', at: now, group });
      was = is;
    }
  }
  return said.sort(byTime);
}

const restarts = fc.array(fc.nat(60), { maxLength: 4 });

test('counts in sliding windows', () => {
  fc.assert(
    fc.property(anyRule('count'), anyEvents, restarts, (rule, events, at) => {
      const { threshold, window_ms } = rule;
      const expected = recount(
        events,
        window_ms,
        (times, now) =>
          times.filter((time) => time > now - window_ms && time <= now).length > threshold,
      );
      assert.deepEqual(plain(drive(rule, events, at)), expected);
    }),
    { numRuns: 2000 },
  );
});

test('absence', () => {
  fc.assert(
    fc.property(anyRule('absence'), anyEvents, restarts, (rule, events, at) => {
      const { window_ms } = rule;
      const expected = recount(
        events,
        window_ms,
        (times, now) =>
          times.some((time) => time <= now) &&
          !times.some((time) => time > now - window_ms && time <= now),
      );
      assert.deepEqual(plain(drive(rule, events, at)), expected);
    }),
    { numRuns: 1000 },
  );
});

test('values that have not been seen for a window', () => {
  fc.assert(
    fc.property(anyRule('new_value'), anyEvents, restarts, (rule, events, at) => {
      const { window_ms } = rule;
      const expected = events
        .filter(
          (event, i) =>
            !events
              .slice(0, i)
              .some((one) => one.group === event.group && one.at > event.at - window_ms),
        )
        .map(({ at, group }) => ({ what: 'raised', at, group }));
      const raised = plain(drive(rule, events, at)).filter(({ what }) => what === 'raised');
      assert.deepEqual(raised, expected.sort(byTime));
    }),
    { numRuns: 1000 },
  );
});

test('the evidence is the newest entries of the window, and the alarm is told again when it doubles', () => {
  const rule: Rule = { kind: 'count', threshold: 2, window_ms: 100, made_at: START };
  const events = Array.from({ length: 13 }, (_, i): Observed => {
    return { at: START + i, event_id: `evt_${i}`, group: 'a', learning: false };
  });
  const said = drive(rule, events, []);
  assert.deepEqual(
    said.map(({ what, count }) => [what, count]),
    [
      ['raised', 3],
      ['updated', 6],
      ['updated', 12],
      ['resolved', 13],
    ],
  );
  assert.deepEqual(said[0]?.event_ids, ['evt_0', 'evt_1', 'evt_2']);
  assert.equal(new Set(said.map(({ alarm_id }) => alarm_id)).size, 1);
});

test('what was there before the monitor teaches it, and raises nothing', () => {
  const rule: Rule = { kind: 'new_value', threshold: 0, window_ms: 1000, made_at: START };
  const event = (at: number, group: string, learning: boolean): Observed => {
    return { at, event_id: `evt_${at}`, group, learning };
  };
  const said = drive(
    rule,
    [event(START - 5, 'a', true), event(START + 1, 'a', false), event(START + 2, 'b', false)],
    [],
  );
  assert.deepEqual(
    plain(said).filter(({ what }) => what === 'raised'),
    [{ what: 'raised', at: START + 2, group: 'b' }],
  );
});

test('memory is bounded: the group that was quiet for longest gives way', () => {
  const rule: Rule = { kind: 'absence', threshold: 1000, window_ms: 1e9, made_at: START };
  const machine = new Machine(rule, new Map(), () => 'alm_1');
  for (let i = 0; i < 1000; i++)
    machine.take({ at: START + i, event_id: `evt_${i}`, group: `g${i}`, learning: false });
  assert.equal(machine.groups.size, 199);
  assert.ok(machine.groups.has('g999'));
  assert.ok(!machine.groups.has('g0'));
});
