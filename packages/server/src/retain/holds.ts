import type { Kysely } from 'kysely';

import { parseFilter, type Filter, type Query } from '../query/filter.ts';
import { matches } from '../query/match.ts';
import type { StoredRecord } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';

/**
 * Legal holds. One by ids covers these entries. One with a filter covers every entry that matches
 * it, those too that are recorded while it stands: nothing is written for them, the filter is asked
 * whenever something is to be removed. What an entry says never changes, so that the answer does
 * not either, as long as the same holds stand (`RetentionTable.revision`).
 */

/** The filter of a hold, as it was given, as a query that `parseFilter` takes. */
export function holdQuery(given: Readonly<Record<string, unknown>>): Query {
  const entries = Object.entries(given).map(([name, value]) => {
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    return [name, values] as const;
  });
  return Object.fromEntries(entries);
}

export interface FilterHold {
  readonly hold_id: string;
  readonly filter: Filter;
}

/** The holds of an app that go by a filter, in one snapshot. */
export async function readFilterHolds(db: Kysely<Tables>, app: number): Promise<FilterHold[]> {
  const rows = await db
    .selectFrom('holds')
    .select(['hold_id', 'filter'])
    .where('app', '=', app)
    .where('filter', 'is not', null)
    .orderBy('hold_id')
    .execute();
  return rows.map(({ hold_id, filter }) => ({
    hold_id,
    filter: parseFilter(holdQuery(JSON.parse(filter as string) as Record<string, unknown>)),
  }));
}

function covers({ from, to, ...filter }: Filter, { envelope, created_at }: StoredRecord): boolean {
  if (from !== undefined && created_at < from) return false;
  if (to !== undefined && created_at >= to) return false;
  return matches(envelope, filter);
}

/** The first hold that covers an entry by its filter, or undefined. */
export function holdOn(holds: readonly FilterHold[], record: StoredRecord): string | undefined {
  return holds.find(({ filter }) => covers(filter, record))?.hold_id;
}

/** A hold for each of these entries that is under one by its id. */
export async function readHeld(
  db: Kysely<Tables>,
  app: number,
  eventIds: readonly string[],
): Promise<Map<string, string>> {
  if (eventIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('held')
    .select(['event_id', 'hold_id'])
    .where('app', '=', app)
    .where('event_id', 'in', eventIds)
    .execute();
  return new Map(rows.map(({ event_id, hold_id }) => [event_id, hold_id]));
}
