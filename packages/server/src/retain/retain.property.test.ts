import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commitPart, parseHeader, toHex, utf8, type PartName } from '@affidavit/ledger';
import type { AuditEvent } from '@affidavit/schema';
import * as fc from 'fast-check';

import { nativeSha256 } from '../sequence/hash.ts';
import { checkLog } from '../sequence/log.fixture.ts';
import type { Effect } from '../store/port.ts';
import { DAY_MS } from './decision.ts';
import { APP, openKeptTrail, START, system, type KeptTrail } from './retain.fixture.ts';

/** Any sequence of sweeps, holds and erasures takes exactly what may go, and proves everything. */

const PROVIDERS = ['crm', 'mail', 'bank'];
const PRINCIPALS = ['ada', 'bob', 'eve'];
const PARTS = ['envelope', 'response_body', 'args'];

type Step =
  | { readonly do: 'record'; readonly events: readonly Shape[] }
  | { readonly do: 'pass'; readonly days: number }
  | { readonly do: 'window'; readonly days: number | null }
  | { readonly do: 'sweep' }
  | { readonly do: 'hold'; readonly filter: string | null; readonly picks: readonly number[] }
  | { readonly do: 'release'; readonly pick: number }
  | { readonly do: 'erase'; readonly who: string; readonly parts: readonly string[] | null };

interface Shape {
  readonly provider: string;
  readonly principal_id: string;
  readonly body: boolean;
  readonly keepDays: number | null;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  provider: fc.constantFrom(...PROVIDERS),
  principal_id: fc.constantFrom(...PRINCIPALS),
  body: fc.boolean(),
  keepDays: fc.option(fc.integer({ min: 1, max: 40 }), { freq: 4 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      events: fc.array(shape, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      days: fc.integer({ min: 0, max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('window' as const),
      days: fc.option(fc.integer({ min: 0, max: 20 })),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'sweep' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      filter: fc.option(fc.constantFrom(...PROVIDERS)),
      picks: fc.array(fc.nat(100), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), pick: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('erase' as const),
      who: fc.constantFrom(...PRINCIPALS),
      parts: fc.option(fc.subarray(PARTS, { minLength: 1 })),
    }),
  },
);

/** An entry as the rules say it must be. */
interface Expected {
  readonly event_id: string;
  readonly created_at: number;
  readonly shape: Shape;
  readonly until: number;
  readonly parts: Set<string>;
}

interface Hold {
  readonly hold_id: string;
  readonly provider: string | null;
  readonly ids: ReadonlySet<string>;
}

class Model {
  readonly entries = new Map<number, Expected>();
  readonly holds: Hold[] = [];
  days: number | null = 365;
  next = 0;

  isHeld({ event_id, shape: { provider }, parts }: Expected): boolean {
    return this.holds.some(
      (hold) => hold.ids.has(event_id) || (hold.provider === provider && parts.has('envelope')),
    );
  }

  sweep(now: number): void {
    if (this.days === null) return;
    for (const entry of this.entries.values()) {
      const old = entry.created_at + this.days * DAY_MS <= now;
      if (old && entry.until <= now && !this.isHeld(entry)) entry.parts.clear();
    }
  }

  /** False where anything of it is on hold. */
  erase(who: string, parts: readonly string[]): boolean {
    const theirs = [...this.entries.values()].filter(
      (entry) =>
        entry.shape.principal_id === who &&
        entry.parts.has('envelope') &&
        parts.some((part) => entry.parts.has(part)),
    );
    if (theirs.some((entry) => this.isHeld(entry))) return false;
    for (const entry of theirs) for (const part of parts) entry.parts.delete(part);
    return true;
  }
}

async function record(kept: KeptTrail, model: Model, shapes: readonly Shape[]): Promise<void> {
  const events = shapes.map((one): AuditEvent => {
    return {
      event_id: `evt_own_${model.next++}`,
      event_type: 'api.called',
      provider: one.provider,
      principal_id: one.principal_id,
      args: { n: model.next },
      ...(one.body ? { response_body: 'text' } : {}),
    };
  });
  const kepts = shapes.flatMap(({ keepDays }, i): Effect[] => {
    if (keepDays === null) return [];
    const event_id = events[i]?.event_id as string;
    const row = { app: APP.app, event_id, until: kept.now + keepDays * DAY_MS };
    return [{ op: 'insert', table: 'kept', row, any: true }];
  });
  const places = await kept.record(events, kepts);
  for (const [i, { seq, event_id, created_at }] of places.entries()) {
    const one = shapes[i] as Shape;
    const parts = new Set(['envelope', 'args', ...(one.body ? ['response_body'] : [])]);
    const until = one.keepDays === null ? 0 : kept.now + one.keepDays * DAY_MS;
    model.entries.set(seq, { event_id, created_at, shape: one, until, parts });
  }
}

async function hold(
  kept: KeptTrail,
  model: Model,
  { filter, picks }: Extract<Step, { do: 'hold' }>,
) {
  const hold_id = `hld_${model.next++}`;
  const there = [...model.entries.values()].filter(({ parts }) => parts.size > 0);
  const ids = new Set(
    filter === null ? picks.flatMap((pick) => there[pick % there.length]?.event_id ?? []) : [],
  );
  const query = filter === null ? null : JSON.stringify({ provider: filter });
  const row = { app: APP.app, hold_id, reason: 'a case', filter: query, placed_at: kept.now };
  await kept.change([
    { op: 'insert', table: 'holds', row },
    ...[...ids].map((event_id): Effect => {
      return { op: 'insert', table: 'held', row: { app: APP.app, event_id, hold_id } };
    }),
  ]);
  model.holds.push({ hold_id, provider: filter, ids });
}

async function release(kept: KeptTrail, model: Model, pick: number): Promise<void> {
  const [gone] = model.holds.splice(pick, 1);
  if (!gone) return;
  const where = { app: APP.app, hold_id: gone.hold_id };
  await kept.change([
    { op: 'delete', table: 'holds', where },
    { op: 'delete', table: 'held', where, any: true },
  ]);
}

async function play(kept: KeptTrail, model: Model, one: Step): Promise<void> {
  switch (one.do) {
    case 'record':
      return record(kept, model, one.events);
    case 'pass':
      return kept.pass(one.days * DAY_MS);
    case 'window': {
      model.days = one.days;
      const window_ms = one.days === null ? null : one.days * DAY_MS;
      const where = { app: APP.app };
      return kept.change([{ op: 'update', table: 'retention', where, set: { window_ms } }]);
    }
    case 'sweep':
      model.sweep(kept.now);
      await kept.sweep.run(APP, { actor: system });
      return;
    case 'hold':
      return hold(kept, model, one);
    case 'release':
      return release(kept, model, one.pick);
    case 'erase': {
      const done = model.erase(one.who, one.parts ?? PARTS);
      const concerned = { principal_id: one.who };
      const asked = { concerned, parts: one.parts ?? undefined, reason: 'asked', actor: system };
      const id = await kept.erasures.request(APP, asked);
      const { row } = await kept.erasures.run(APP, id, Infinity);
      assert.equal(row.state, done ? 'done' : 'refused');
    }
  }
}

interface Removed {
  readonly first_seq: number;
  readonly end_seq: number;
  readonly part: string;
  readonly event_id: string;
}

/** What is gone is known to be gone, by entries whose own payload says so. */
async function checkRemovals(kept: KeptTrail, seq: number, part: string): Promise<void> {
  const rows: Removed[] = await kept.db.selectFrom('removals').selectAll().execute();
  const covering = rows.filter(
    (row) => row.first_seq <= seq && seq < row.end_seq && ['*', part].includes(row.part),
  );
  assert.ok(covering.length > 0, `nothing says where ${part} of ${seq} went`);
  for (const { event_id } of covering) {
    const said = await kept.db
      .selectFrom('parts')
      .innerJoin('entries', 'entries.seq', 'parts.seq')
      .select('parts.body')
      .where('entries.event_id', '=', event_id)
      .where('parts.part', '=', 'args')
      .executeTakeFirstOrThrow();
    const { ranges } = JSON.parse(said.body) as { ranges: [number, number][] };
    assert.ok(ranges.some(([first, last]) => first <= seq && seq <= last));
  }
}

async function check(kept: KeptTrail, model: Model): Promise<void> {
  await checkLog(kept.logs, APP.app);
  const rows = await kept.db.selectFrom('parts').selectAll().execute();
  const headers = await kept.db.selectFrom('entries').select(['seq', 'header']).execute();
  const commitments = new Map(headers.map(({ seq, header }) => [seq, parseHeader(header).parts]));
  for (const { seq, part, salt, body } of rows) {
    const commitment = commitPart(part as PartName, salt, utf8(body), nativeSha256);
    assert.equal(toHex(commitment), commitments.get(seq)?.[part]);
  }
  for (const [seq, { parts }] of model.entries) {
    const there = rows.filter((row) => row.seq === seq).map(({ part }) => part);
    assert.deepEqual(there.toSorted(), [...parts].toSorted(), `parts of ${seq}`);
    for (const part of Object.keys(commitments.get(seq) ?? {})) {
      if (!parts.has(part)) await checkRemovals(kept, seq, part);
    }
  }
}

test('exactly what may go is gone, whatever is swept, held and erased, and the rest verifies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
      const kept = await openKeptTrail();
      try {
        const model = new Model();
        for (const one of steps) await play(kept, model, one);
        await check(kept, model);
        assert.ok(kept.now >= START);
      } finally {
        await kept.close();
      }
    }),
    { numRuns: 60 },
  );
});
