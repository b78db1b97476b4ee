import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toHex } from '@affidavit/ledger';
import * as fc from 'fast-check';

import { StoreFailure } from '../store/port.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import {
  callerEffect,
  checkLog,
  eventOf,
  openLogs,
  submissionOf,
  type CheckedEntry,
  type Fault,
  type TestLogs,
} from './log.fixture.ts';
import type { Submission, Verdict } from './submission.ts';

/** Any sequence of batches, faults, restarts and steps of the clock leaves a log that is right. */

interface Step {
  readonly submissions: readonly Submission[];
  readonly faults: readonly (Fault | null)[];
  readonly clock_ms: number;
  readonly restart: boolean;
}

const APPS = 2;
const START = 1_790_000_000_000;
const HOUR_MS = 3600 * 1000;

const fault = fc.constantFrom<Fault | null>(null, 'before', 'during', 'lost', 'kept');
/** Few ids and fingerprints, so that retries and clashes are common. */
const retried = fc
  .tuple(fc.nat(7), fc.constantFrom(1, 1, 1, 2))
  .map(([id, version]) => eventOf(`evt_retried_${id}`, version));
const fresh = fc.uuid().map((id) => eventOf(`evt_${id}`));
const effects = fc.option(
  fc.nat(5).map((name) => `caller ${name}`),
  { nil: null },
);

const submission: fc.Arbitrary<Submission> = fc
  .record({
    app: fc.integer({ min: 1, max: APPS }),
    events: fc.array(fc.oneof(fresh, retried), { minLength: 1, maxLength: 4 }),
    caller: effects,
  })
  .map(({ app, events, caller }) =>
    submissionOf(app, events, caller === null ? [] : [callerEffect(app, caller)]),
  );

const step: fc.Arbitrary<Step> = fc.record({
  submissions: fc.array(submission, { minLength: 1, maxLength: 4 }),
  faults: fc.oneof(fc.constant([]), fc.array(fault, { maxLength: 7 })),
  clock_ms: fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
  restart: fc.boolean(),
});

/** What callers were told, for each app. */
class Told {
  readonly acknowledged = new Map<string, CheckedEntry>();
  readonly uncertain = new Set<string>();
  readonly callers = new Set<string>();
  readonly maybeCallers = new Set<string>();

  hear(submissions: readonly Submission[], verdicts: readonly Verdict[]): void {
    for (const [index, verdict] of verdicts.entries()) {
      if (!verdict.ok) continue;
      const { app, effects: applied } = submissions[index] as Submission;
      for (const { leaf_hash, ...event } of verdict.receipt.events) {
        const entry = { ...event, leaf: toHex(leaf_hash) };
        const key = `${app} ${event.event_id}`;
        assert.deepEqual(entry, this.acknowledged.get(key) ?? entry, 'a retry got another place');
        this.acknowledged.set(key, entry);
      }
      if (!verdict.receipt.repeated) this.#addCallers(this.callers, app, applied);
    }
  }

  doubt(submissions: readonly Submission[]): void {
    for (const { app, events, effects: sent } of submissions) {
      for (const { event_id } of events) this.uncertain.add(`${app} ${event_id}`);
      this.#addCallers(this.maybeCallers, app, sent);
    }
  }

  #addCallers(to: Set<string>, app: number, sent: Submission['effects']): void {
    for (const effect of sent) if (effect.op === 'insert') to.add(`${app} ${effect.row.name}`);
  }
}

async function play(logs: TestLogs, steps: readonly Step[]): Promise<Told> {
  const told = new Told();
  let now = START;
  let writer: LedgerWriter = logs.newWriter(() => now);
  for (const { submissions, faults, clock_ms, restart } of steps) {
    if (restart) writer = logs.newWriter(() => now);
    now += clock_ms;
    logs.store.faults.splice(0, Infinity, ...faults);
    try {
      told.hear(submissions, await writer.write(submissions));
    } catch (error) {
      assert.ok(error instanceof StoreFailure, String(error));
      if (error.committed === 'unknown') told.doubt(submissions);
    }
  }
  return told;
}

async function checkTold(logs: TestLogs, told: Told): Promise<void> {
  const found = new Map<string, CheckedEntry>();
  for (let app = 1; app <= APPS; app++) {
    for (const entry of await checkLog(logs, app)) {
      const key = `${app} ${entry.event_id}`;
      assert.ok(!found.has(key), `${key} is there twice`);
      found.set(key, entry);
    }
  }
  for (const [key, entry] of told.acknowledged) assert.deepEqual(found.get(key), entry);
  for (const key of found.keys()) {
    const wanted = told.acknowledged.has(key) || told.uncertain.has(key);
    assert.ok(wanted, `${key} was refused and is there`);
  }
  const rows = await logs.db.selectFrom('callers').select(['app', 'name']).execute();
  const names = new Set(rows.map(({ app, name }) => `${app} ${name}`));
  for (const name of told.callers) assert.ok(names.has(name), `${name} was acknowledged`);
  for (const name of names) assert.ok(told.callers.has(name) || told.maybeCallers.has(name));
}

test('whatever fails, what was acknowledged is there once, and the ledger is whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      const logs = await openLogs(APPS);
      try {
        await checkTold(logs, await play(logs, steps));
      } finally {
        await logs.close();
      }
    }),
    { numRuns: 60 },
  );
});
