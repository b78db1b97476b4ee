import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { firstAtOrAfter, sizeOf } from '../query/page.ts';
import type { RetentionTable, Tables } from '../store/tables.ts';
import { readKeeping } from './keeping.ts';

/** Rows of parts that are looked at in one step: some hundred entries. */
const ROWS_PER_STEP = 1200;

/** An entry that may lose parts. */
export interface Removable {
  readonly seq: number;
  readonly event_id: string;
  /** Parts that it has and that may go. */
  readonly rows: number;
  /** Whether a row of `kept` goes with it. */
  readonly kept: boolean;
}

export interface ExpiredRequest {
  readonly app: number;
  /** Entries up to here are done with; -1 at first. */
  readonly after: number;
  /** Epoch ms. */
  readonly now: number;
}

export interface ExpiredStep {
  /** What it was decided on: see `RetentionTable.revision`. */
  readonly revision: string;
  /** Entries from before this time are expired, epoch ms. */
  readonly before: number;
  readonly expired: readonly Removable[];
  /** Entries that are old enough and on hold. */
  readonly held: number;
  readonly after: number;
  readonly done: boolean;
}

/** The row of every app, made with it. */
export async function readRetention(db: Kysely<Tables>, app: number): Promise<RetentionTable> {
  const row = await db
    .selectFrom('retention')
    .selectAll()
    .where('app', '=', app)
    .executeTakeFirst();
  if (row) return row;
  throw new AffidavitError('internal', 'the app has no retention');
}

/**
 * The next entries of a log that are older than its window and nothing keeps, in one snapshot.
 * What was removed before costs nothing: it walks what is there.
 */
export async function readExpired(
  db: Kysely<Tables>,
  { app, after, now }: ExpiredRequest,
): Promise<ExpiredStep> {
  const { revision, window_ms } = await readRetention(db, app);
  // Whoever is as old as the window has reached its end.
  const before = window_ms === null ? 0 : now - window_ms + 1;
  const end = await firstAtOrAfter(db, app, await sizeOf(db, app), before);
  const rows = await rowsAfter(db, app, after, end);
  const done = rows.length < ROWS_PER_STEP;
  const counts = countRows(rows, done);
  const entries = await nameEntries(db, app, [...counts.keys()]);
  const { held, until, telling } = await readKeeping(db, app, entries);
  const expired = entries
    .filter(({ event_id }) => !held.has(event_id) && !telling.has(event_id))
    .filter(({ event_id }) => (until.get(event_id) ?? 0) <= now)
    .map((entry) => ({
      ...entry,
      rows: counts.get(entry.seq) as number,
      kept: until.has(entry.event_id),
    }));
  const last = [...counts.keys()].at(-1) ?? after;
  return { revision, before, expired, held: held.size, after: last, done };
}

function rowsAfter(db: Kysely<Tables>, app: number, after: number, end: number) {
  return db
    .selectFrom('parts')
    .select('seq')
    .where('app', '=', app)
    .where('seq', '>', after)
    .where('seq', '<', end)
    .orderBy('seq')
    .limit(ROWS_PER_STEP)
    .execute();
}

/** Parts by entry; the last entry of a step that was cut may have more, and waits for the next. */
function countRows(rows: readonly { readonly seq: number }[], whole: boolean): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { seq } of rows) counts.set(Number(seq), (counts.get(Number(seq)) ?? 0) + 1);
  if (!whole) counts.delete(Number(rows.at(-1)?.seq));
  return counts;
}

async function nameEntries(db: Kysely<Tables>, app: number, seqs: readonly number[]) {
  if (seqs.length === 0) return [];
  const rows = await db
    .selectFrom('entries')
    .select(['seq', 'event_id'])
    .where('app', '=', app)
    .where('seq', 'in', seqs)
    .orderBy('seq')
    .execute();
  return rows.map(({ seq, event_id }) => ({ seq: Number(seq), event_id }));
}
