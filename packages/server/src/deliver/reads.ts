import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import { find, narrow, sizeOf, spanOf } from '../query/page.ts';
import type { StoredRecord } from '../query/records.ts';
import { withKeeping } from '../retain/shown.ts';
import type { DeadLettersTable, DeliveriesTable, Tables } from '../store/tables.ts';
import type { Deliverable } from './receiver.ts';

/** What is read for deliveries. Each function belongs in one snapshot. */

/** Entries that are looked through at once; few of them may match. */
const SPAN_MAX = 65_536;
const LANES_MAX = 10_000;

export interface BatchRequest {
  readonly app: number;
  readonly filter: Filter;
  readonly first: number;
  /** Exclusive; null for the end of the log. */
  readonly end: number | null;
  readonly entries: number;
  readonly bytes: number;
}

export interface DeliverableBatch {
  readonly entries: readonly Deliverable[];
  /** Everything before it was looked at. */
  readonly next: number;
  /** Whether there is more to look at behind it now. */
  readonly more: boolean;
  /** Entries of the log. */
  readonly size: number;
}

/** A delivery with what is known of it beside its row. */
export interface Lane extends DeliveriesTable {
  /** Size of the log. */
  readonly size: number;
  /** When the entry at `next_seq` was made; null where there is none. */
  readonly next_created_at: number | null;
}

export function deliveryOperations(snapshot: Snapshot) {
  return {
    batchToDeliver: ({ deadline, ...request }: BatchRequest & { deadline: number }) =>
      snapshot((at) => readBatch(at, request, new Deadline(deadline))),
    entryToDeliver: ({ app, event_id, deadline }: OneEntry & { deadline: number }) =>
      snapshot((at) => readEntry(at, { app, event_id }, new Deadline(deadline))),
    lanes: (where: { app: number; destination_id?: string }) =>
      snapshot((at) => readLanes(at, where)),
    deadLetters: (request: DeadLetterList) => snapshot((at) => readDeadLetters(at, request)),
    deadLetterCounts: ({ app }: { app: number }) => snapshot((at) => countDeadLetters(at, app)),
  };
}

async function readBatch(
  db: Kysely<Tables>,
  { app, filter, first, end, entries, bytes }: BatchRequest,
  deadline: Deadline,
): Promise<DeliverableBatch> {
  const whole = narrow(await spanOf(db, app, filter), 'asc', first - 1);
  const last = Math.max(whole.first, Math.min(whole.end, end ?? whole.end));
  const span = { first: whole.first, end: Math.min(last, whole.first + SPAN_MAX) };
  const records: StoredRecord[] = [];
  let size = 0;
  let isFull = false;
  const search = { db, app, filter, order: 'asc', deadline } as const;
  for await (const record of find(search, span, entries)) {
    size += Buffer.byteLength(record.json);
    isFull = records.length === entries || (size > bytes && records.length > 0);
    if (isFull) break;
    records.push(record);
  }
  const next = isFull ? (records.at(-1) as StoredRecord).seq + 1 : Math.max(span.end, first);
  const shown = await withKeeping(db, app, records);
  return {
    entries: shown.map(toDeliverable),
    next,
    more: isFull || next < last,
    size: await sizeOf(db, app),
  };
}

interface OneEntry {
  readonly app: number;
  readonly event_id: string;
}

async function readEntry(
  db: Kysely<Tables>,
  { app, event_id }: OneEntry,
  deadline: Deadline,
): Promise<Deliverable | null> {
  const filter: Filter = {
    conditions: [{ fields: ['event_id'], values: [event_id], prefixes: [] }],
    words: [],
    phrases: [],
  };
  const span = await spanOf(db, app, {});
  for await (const record of find({ db, app, filter, order: 'desc', deadline }, span, 1))
    return toDeliverable(record);
  return null;
}

function toDeliverable({ seq, created_at, envelope, json }: StoredRecord): Deliverable {
  const { event_id, event_type } = envelope;
  const names = { event_id: String(event_id), event_type: String(event_type) };
  return { seq, created_at, ...names, leaf_hash: leafHashOf(json), json };
}

/** It stands at the end of every record. */
const leafHashOf = (json: string) => json.slice(-66, -2);

async function readLanes(
  db: Kysely<Tables>,
  { app, destination_id }: { app: number; destination_id?: string },
): Promise<Lane[]> {
  let query = db
    .selectFrom('deliveries as d')
    .innerJoin('heads as h', 'h.app', 'd.app')
    .leftJoin('entries as e', (join) =>
      join.onRef('e.app', '=', 'd.app').onRef('e.seq', '=', 'd.next_seq'),
    )
    .selectAll('d')
    .select(['h.size', 'e.created_at as next_created_at'])
    .where('d.app', '=', app);
  if (destination_id !== undefined) query = query.where('d.destination_id', '=', destination_id);
  return (
    query
      .orderBy('d.destination_id')
      // The live one is the first.
      .orderBy('d.lane')
      .limit(LANES_MAX)
      .execute()
  );
}

export interface DeadLetterList {
  readonly app: number;
  readonly destination_id: string;
  /** Only behind this id. */
  readonly after: string;
  readonly limit: number;
}

/** In the order in which they came. */
function readDeadLetters(
  db: Kysely<Tables>,
  { app, destination_id, after, limit }: DeadLetterList,
): Promise<DeadLettersTable[]> {
  return db
    .selectFrom('dead_letters')
    .selectAll()
    .where('app', '=', app)
    .where('destination_id', '=', destination_id)
    .where('dead_letter_id', '>', after)
    .orderBy('dead_letter_id')
    .limit(limit)
    .execute();
}

/** Entries in the dead letters, by destination. */
async function countDeadLetters(db: Kysely<Tables>, app: number) {
  const rows = await db
    .selectFrom('dead_letters')
    .select(['destination_id', (eb) => eb.fn.sum<number>('entries').as('entries')])
    .where('app', '=', app)
    .groupBy('destination_id')
    .execute();
  return rows.map(({ destination_id, entries }) => ({ destination_id, entries: Number(entries) }));
}
