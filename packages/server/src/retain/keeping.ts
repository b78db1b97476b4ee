import type { Kysely } from 'kysely';

import { readRecords } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';
import { holdOn, readFilterHolds, readHeld } from './holds.ts';

/** Why entries may not be removed. All of it is read in the snapshot that the removal goes by. */
export interface Keeping {
  /** A hold for each entry that is on one, by event id. */
  readonly held: ReadonlyMap<string, string>;
  /** Until when entries are kept beyond the window, epoch ms, by event id. */
  readonly until: ReadonlyMap<string, number>;
  /** Entries that say what was removed: they stay as long as the ledger. */
  readonly telling: ReadonlySet<string>;
}

export interface Named {
  readonly seq: number;
  readonly event_id: string;
}

export async function readKeeping(
  db: Kysely<Tables>,
  app: number,
  entries: readonly Named[],
): Promise<Keeping> {
  const ids = entries.map(({ event_id }) => event_id);
  const held = await readHeld(db, app, ids);
  await addHeldByFilter(db, app, entries, held);
  return { held, until: await readUntil(db, app, ids), telling: await readTelling(db, app, ids) };
}

/** Asks the filters of holds, which takes the records themselves: only where there are such holds. */
async function addHeldByFilter(
  db: Kysely<Tables>,
  app: number,
  entries: readonly Named[],
  held: Map<string, string>,
): Promise<void> {
  const holds = await readFilterHolds(db, app);
  if (holds.length === 0) return;
  const seqs = entries.filter(({ event_id }) => !held.has(event_id)).map(({ seq }) => seq);
  for (const record of await readRecords(db, app, seqs, 'asc')) {
    const hold = holdOn(holds, record);
    if (hold !== undefined) held.set(String(record.envelope.event_id), hold);
  }
}

export async function readUntil(
  db: Kysely<Tables>,
  app: number,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  if (eventIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('kept')
    .select(['event_id', 'until'])
    .where('app', '=', app)
    .where('event_id', 'in', eventIds)
    .execute();
  return new Map(rows.map(({ event_id, until }) => [event_id, Number(until)]));
}

async function readTelling(
  db: Kysely<Tables>,
  app: number,
  eventIds: readonly string[],
): Promise<Set<string>> {
  if (eventIds.length === 0) return new Set();
  const rows = await db
    .selectFrom('removals')
    .select('event_id')
    .where('app', '=', app)
    .where('event_id', 'in', eventIds)
    .groupBy('event_id')
    .execute();
  return new Set(rows.map(({ event_id }) => event_id));
}
