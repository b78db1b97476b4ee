import type { FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { Bits } from '../indexing/postings.ts';
import {
  overlap,
  readPositions,
  segmentsIn,
  type Segment,
  type Span,
} from '../indexing/segments.ts';
import { UNLISTED_TYPE_TERM, valueTerm } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import { segmentBits, termsOfFilter, type Search } from './find.ts';
import { find, spanOf } from './page.ts';

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
  const indexedEnd = needsRecords(filter)
    ? span.first
    : await countIndexed(search, field, span, counts);
  const rest = { first: Math.max(indexedEnd, span.first), end: span.end };
  await countRecords(search, field, rest, counts);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}

/** Words are indexed by their beginnings and ids not at all, so that only records count exactly. */
function needsRecords(filter: Filter): boolean {
  const byId = filter.conditions.some(({ fields }) => fields[0] === 'event_id');
  return byId || filter.words.length > 0 || filter.phrases.length > 0;
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

/** Counts in the indexed part of the span; returns where it ends. */
async function countIndexed(
  search: Search,
  field: FieldName,
  span: Span,
  counts: Map<string, number>,
): Promise<number> {
  const { db, app, deadline } = search;
  const values = await db
    .selectFrom('facet_values')
    .select('value')
    .where('app', '=', app)
    .where('field', '=', field)
    .execute();
  const conjuncts = await termsOfFilter(search);
  const segments = await segmentsIn(db, app, span);
  const removed = await unforgotten(db, app, span);
  const wild = search.filter.conditions.some(({ prefixes }) => prefixes.length > 0);
  for (const segment of segments) {
    if (wild && (await readPositions(db, app, segment.segment, UNLISTED_TYPE_TERM))) {
      await countRecords(search, field, overlap(segment, span), counts);
      continue;
    }
    const within = await limitBits(search, conjuncts, segment, { span, removed });
    if (within === null) continue;
    for (const { value } of values) {
      deadline.check();
      const positions = await readPositions(db, app, segment.segment, valueTerm(field, value));
      if (!positions) continue;
      if (within === 'all') {
        add(counts, value, positions.count);
        continue;
      }
      const bits = new Bits(segment.end - segment.first);
      positions.addTo(bits);
      add(counts, value, bits.intersect(within) ? bits.count : 0);
    }
  }
  return segments.at(-1)?.end ?? span.first;
}

const UNFORGOTTEN_MAX = 10_000;

/** What was removed just now and the index still knows. A moment later it has forgotten it. */
async function unforgotten(db: Kysely<Tables>, app: number, span: Span): Promise<Span[]> {
  const rows = await db
    .selectFrom('removals')
    .select(['first_seq', 'end_seq'])
    .where('app', '=', app)
    .where('index_pending', '=', 1)
    .where('end_seq', '>', span.first)
    .where('first_seq', '<', span.end)
    .limit(UNFORGOTTEN_MAX)
    .execute();
  return rows.map(({ first_seq, end_seq }) => ({ first: Number(first_seq), end: Number(end_seq) }));
}

/** Which entries of a segment count: those of the filter, within the span. */
async function limitBits(
  search: Search,
  conjuncts: Parameters<typeof segmentBits>[1],
  segment: Segment,
  { span, removed }: { readonly span: Span; readonly removed: readonly Span[] },
): Promise<Bits | 'all' | null> {
  const gone = removed.filter((one) => one.first < segment.end && one.end > segment.first);
  const whole = span.first <= segment.first && span.end >= segment.end && gone.length === 0;
  if (conjuncts.length === 0 && whole) return 'all';
  const inSpan = new Bits(segment.end - segment.first);
  const { first, end } = overlap(segment, span);
  for (let seq = first; seq < end; seq++) inSpan.set(seq - segment.first);
  for (const one of gone) {
    const without = overlap(one, segment);
    for (let seq = without.first; seq < without.end; seq++) inSpan.clear(seq - segment.first);
  }
  if (conjuncts.length === 0) return inSpan;
  const bits = await segmentBits(search, conjuncts, segment);
  return bits?.intersect(inSpan) ? bits : null;
}
