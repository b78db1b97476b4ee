import type { FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { Bits, type Positions } from '../indexing/postings.ts';
import { overlap, positionsIn, segmentsIn, type Segment, type Span } from '../indexing/segments.ts';
import { UNLISTED_TYPE_TERM, valueTerm, type Term } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import { termsOfFilter, type Search } from './find.ts';
import { bitsIn } from './intersect.ts';
import { find, spanOf } from './page.ts';

/** Segments that are looked at together. */
const SEGMENTS_PER_STEP = 64;

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
  for (let at = 0; at < segments.length; at += SEGMENTS_PER_STEP) {
    const some = segments.slice(at, at + SEGMENTS_PER_STEP);
    const listed = await countUnlisted(search, field, span, some, counts);
    const within = await limitsOf(search, conjuncts, listed, { span, removed });
    for (const { value } of values) {
      deadline.check();
      const term = valueTerm(field, value);
      for (const [segment, positions] of await positionsIn(db, app, [...within.keys()], term)) {
        add(counts, value, countWithin(positions, segment, within.get(segment) as Limit));
      }
    }
  }
  return segments.at(-1)?.end ?? span.first;
}

/** Counts record by record where a wildcard stands for more than is listed; returns the others. */
async function countUnlisted(
  search: Search,
  field: FieldName,
  span: Span,
  segments: readonly Segment[],
  counts: Map<string, number>,
): Promise<readonly Segment[]> {
  if (search.filter.conditions.every(({ prefixes }) => prefixes.length === 0)) return segments;
  const unlisted = await positionsIn(search.db, search.app, segments, UNLISTED_TYPE_TERM);
  for (const segment of unlisted.keys()) {
    await countRecords(search, field, overlap(segment, span), counts);
  }
  return segments.filter((segment) => !unlisted.has(segment));
}

/** Which entries of a segment count. */
type Limit = Bits | 'all';

function countWithin(positions: Positions, segment: Segment, limit: Limit): number {
  if (limit === 'all') return positions.count;
  const bits = new Bits(segment.end - segment.first);
  positions.addTo(bits);
  return bits.intersect(limit) ? bits.count : 0;
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

/** The entries that count, by segment: those of the filter, within the span, and not removed. */
async function limitsOf(
  search: Search,
  conjuncts: readonly Term[][],
  segments: readonly Segment[],
  there: There,
): Promise<Map<Segment, Limit>> {
  const found = conjuncts.length === 0 ? null : await bitsIn(search, conjuncts, segments);
  const limits = new Map<Segment, Limit>();
  for (const segment of segments) {
    const bits = found?.get(segment);
    if (found && !bits) continue;
    const present = presentIn(segment, there);
    if (!bits) limits.set(segment, present);
    else if (present === 'all' || bits.intersect(present)) limits.set(segment, bits);
  }
  return limits;
}

interface There {
  readonly span: Span;
  readonly removed: readonly Span[];
}

function presentIn(segment: Segment, { span, removed }: There): Limit {
  const gone = removed.filter((one) => one.first < segment.end && one.end > segment.first);
  if (span.first <= segment.first && span.end >= segment.end && gone.length === 0) return 'all';
  const present = new Bits(segment.end - segment.first);
  const { first, end } = overlap(segment, span);
  for (let seq = first; seq < end; seq++) present.set(seq - segment.first);
  for (const one of gone) {
    const without = overlap(one, segment);
    for (let seq = without.first; seq < without.end; seq++) present.clear(seq - segment.first);
  }
  return present;
}
