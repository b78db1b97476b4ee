import type { Kysely } from 'kysely';

import { Bits, type Positions } from '../indexing/postings.ts';
import { overlap, positionsIn, segmentsIn, type Segment, type Span } from '../indexing/segments.ts';
import { UNLISTED_TYPE_TERM, type Term } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Filter } from './filter.ts';
import { termsOfFilter, type Search } from './find.ts';
import { bitsIn } from './intersect.ts';

/** What counting goes by: the index where it knows exactly what matches, else the records. */

/** Segments that are looked at together. */
const SEGMENTS_PER_STEP = 64;

/** Which entries of a segment count. */
export type Limit = Bits | 'all';

/** One step through a span. */
export interface Portion {
  /** Segments of which the index tells what counts; the others of this step have nothing. */
  readonly within: ReadonlyMap<Segment, Limit>;
  /** Here only the records tell. */
  readonly unread: readonly Span[];
}

/** Words are indexed by their beginnings and ids not at all, so that only records count exactly. */
export function needsRecords(filter: Filter): boolean {
  const byId = filter.conditions.some(({ fields }) => fields[0] === 'event_id');
  return byId || filter.words.length > 0 || filter.phrases.length > 0;
}

/** A span in steps, each entry in one of them. For a filter that does not need records. */
export async function* portionsOf(search: Search, span: Span): AsyncGenerator<Portion> {
  const { db, app, deadline } = search;
  const conjuncts = await termsOfFilter(search);
  const segments = await segmentsIn(db, app, span);
  const removed = await unforgotten(db, app, span);
  for (let at = 0; at < segments.length; at += SEGMENTS_PER_STEP) {
    deadline.check();
    const some = segments.slice(at, at + SEGMENTS_PER_STEP);
    const unlisted = await unlistedIn(search, some);
    const listed = some.filter((segment) => !unlisted.has(segment));
    const within = await limitsOf(search, conjuncts, listed, { span, removed });
    yield { within, unread: [...unlisted].map((segment) => overlap(segment, span)) };
  }
  const tail = { first: Math.max(segments.at(-1)?.end ?? 0, span.first), end: span.end };
  yield { within: new Map(), unread: [tail] };
}

/** The segments in which a wildcard stands for more than is listed. */
async function unlistedIn(
  { db, app, filter }: Search,
  segments: readonly Segment[],
): Promise<ReadonlySet<Segment>> {
  if (filter.conditions.every(({ prefixes }) => prefixes.length === 0)) return new Set();
  return new Set((await positionsIn(db, app, segments, UNLISTED_TYPE_TERM)).keys());
}

/** Those of the positions that count; null where none does. */
export function bitsWithin(positions: Positions, { first, end }: Segment, limit: Limit) {
  const bits = new Bits(end - first);
  positions.addTo(bits);
  return limit === 'all' || bits.intersect(limit) ? bits : null;
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
