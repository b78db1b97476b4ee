import { AffidavitError, newId, type AuditEvent } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import type { Trail } from '../ingest/trail.ts';
import type { ColumnValue, Effect } from '../store/port.ts';
import type { DeliveriesTable, DestinationsTable } from '../store/tables.ts';
import type { Deliverable } from './receiver.ts';

/** How far a delivery is, kept: beside the ledger what is routine, in it what somebody should know. */

export interface DeadRange {
  readonly entries: readonly Deliverable[];
  readonly reason: string;
}

/** What came of a batch: everything before `next` is done with. */
export interface Step {
  readonly next: number;
  readonly delivered: number;
  readonly dead: readonly DeadRange[];
  /** Of the last minute, this one included. */
  readonly delivered_last_minute: number;
}

/** The place of a lane is another than we thought: somebody else moved it, or it is gone. */
export class Stale extends Error {
  override readonly name = 'Stale';
}

const SYSTEM = { actor_type: 'system', actor_id: 'affidavit' } as const;
const REASON_CHARACTERS_MAX = 1000;

/** The row as it is after a step. Throws `Stale`, and whatever the trail throws. */
export async function takeStep(
  trail: Trail,
  app: AppRef,
  lane: DeliveriesTable,
  step: Step,
  now: number,
): Promise<DeliveriesTable> {
  const set = advanced(lane, step, now);
  const letters = step.dead.map((range) => letterOf(lane, range, now));
  const effects: Effect[] = [
    { op: 'update', table: 'deliveries', where: placeOf(lane), set },
    ...letters.map((row): Effect => ({ op: 'insert', table: 'dead_letters', row })),
  ];
  const events = letters.flatMap((letter, index) => {
    const told = (step.dead[index] as DeadRange).entries.some(isTold);
    return told ? [tellOf(letter)] : [];
  });
  await fenced(
    events.length === 0
      ? trail.apply(lane.app, effects)
      : trail.record({ ...app, events, effects }),
  );
  return { ...lane, ...set };
}

/** What says that something was put to the dead letters is not told of in its turn, or never ended. */
const isTold = ({ event_type }: Deliverable) => event_type !== 'destination.dead_lettered';

const placeOf = ({ app, destination_id, lane, next_seq }: DeliveriesTable) => ({
  app,
  destination_id,
  lane,
  next_seq,
});

function advanced(lane: DeliveriesTable, step: Step, now: number) {
  const { next, delivered, dead, delivered_last_minute } = step;
  const died = dead.reduce((sum, { entries }) => sum + entries.length, 0);
  return {
    next_seq: next,
    delivered: lane.delivered + delivered,
    dead: lane.dead + died,
    delivered_last_minute: delivered === 0 ? lane.delivered_last_minute : delivered_last_minute,
    delivered_at: delivered === 0 ? lane.delivered_at : now,
    error: null,
    error_at: null,
    failures: 0,
    retry_at: null,
    ended_at: lane.end_seq !== null && next >= lane.end_seq ? now : null,
  };
}

function letterOf({ app, destination_id }: DeliveriesTable, range: DeadRange, created_at: number) {
  const { entries, reason } = range;
  return {
    app,
    dead_letter_id: newId('deadLetter'),
    destination_id,
    first_seq: (entries[0] as Deliverable).seq,
    last_seq: (entries.at(-1) as Deliverable).seq,
    entries: entries.length,
    reason: reason.slice(0, REASON_CHARACTERS_MAX),
    created_at,
  };
}

function tellOf({ reason, ...letter }: ReturnType<typeof letterOf>): AuditEvent {
  const { dead_letter_id, destination_id, first_seq, last_seq, entries } = letter;
  return {
    ...SYSTEM,
    event_type: 'destination.dead_lettered',
    outcome: 'error',
    reason,
    args: { destination_id, dead_letter_id, first_seq, last_seq, entries },
  };
}

/** A try that failed, for whoever asks how it stands. */
export async function keepFailure(
  trail: Trail,
  lane: DeliveriesTable,
  { reason, retry_at }: { readonly reason: string; readonly retry_at: number },
  now: number,
): Promise<DeliveriesTable> {
  const error = reason.slice(0, REASON_CHARACTERS_MAX);
  const set = { error, error_at: now, failures: lane.failures + 1, retry_at };
  await fenced(
    trail.apply(lane.app, [{ op: 'update', table: 'deliveries', where: placeOf(lane), set }]),
  );
  return { ...lane, ...set };
}

/** Nothing more is sent until somebody resumes it. Nothing happens where it is paused already. */
export async function pause(
  trail: Trail,
  app: AppRef,
  destination: DestinationsTable,
  reason: string,
  now: number,
): Promise<void> {
  const { destination_id, type, name, updated_at } = destination;
  const told = reason.slice(0, REASON_CHARACTERS_MAX);
  const event: AuditEvent = {
    ...SYSTEM,
    event_type: 'destination.paused',
    outcome: 'error',
    reason: told,
    args: { destination_id, type, name },
  };
  const set: Record<string, ColumnValue> = {
    paused: 1,
    paused_reason: told,
    updated_at: Math.max(now, updated_at + 1),
  };
  const where = { app: app.app, destination_id, paused: 0 };
  const effects: Effect[] = [{ op: 'update', table: 'destinations', where, set }];
  await fenced(trail.record({ ...app, events: [event], effects }));
}

async function fenced(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'conflict')
      throw new Stale('the delivery has moved on', { cause: error });
    throw error;
  }
}
