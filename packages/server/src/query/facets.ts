import type { FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Positions } from '../indexing/postings.ts';
import { positionsIn, type Segment, type Span } from '../indexing/segments.ts';
import { valueTerm } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import type { Search } from './find.ts';
import { find, spanOf } from './page.ts';
import { bitsWithin, needsRecords, portionsOf, type Limit } from './portions.ts';

export interface FacetRequest {
  readonly app: number;
  readonly field: FieldName;
  readonly filter: Filter;
  readonly limit: number;
}

export interface FacetCount {
  readonly value: string;
  readonly count: number;
}

/**
 * Values of a field with the number of entries that have them, most frequent first. A field with
 * more values than are listed (see `FacetList`) shows those that came first.
 */
export async function readFacets(
  db: Kysely<Tables>,
  { app, field, filter, limit }: FacetRequest,
  deadline: Deadline,
): Promise<FacetCount[]> {
  const search: Search = { db, app, filter, order: 'asc', deadline };
  const span = await spanOf(db, app, filter);
  const counts = new Map<string, number>();
  if (needsRecords(filter)) await countRecords(search, field, span, counts);
  else await countPortions(search, field, span, counts);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}

function add(counts: Map<string, number>, value: string, count: number): void {
  if (count > 0) counts.set(value, (counts.get(value) ?? 0) + count);
}

async function countRecords(
  search: Search,
  field: FieldName,
  span: Span,
  counts: Map<string, number>,
): Promise<void> {
  for await (const { envelope } of find(search, span)) {
    const value = envelope[field];
    if (value !== undefined) add(counts, String(value), 1);
  }
}

async function countPortions(
  search: Search,
  field: FieldName,
  span: Span,
  counts: Map<string, number>,
): Promise<void> {
  const { db, app, deadline } = search;
  const values = await db
    .selectFrom('facet_values')
    .select('value')
    .where('app', '=', app)
    .where('field', '=', field)
    .execute();
  for await (const { within, unread } of portionsOf(search, span)) {
    for (const one of unread) await countRecords(search, field, one, counts);
    for (const { value } of values) {
      deadline.check();
      const term = valueTerm(field, value);
      for (const [segment, positions] of await positionsIn(db, app, [...within.keys()], term)) {
        add(counts, value, countWithin(positions, segment, within.get(segment) as Limit));
      }
    }
  }
}

function countWithin(positions: Positions, segment: Segment, limit: Limit): number {
  if (limit === 'all') return positions.count;
  return bitsWithin(positions, segment, limit)?.count ?? 0;
}
