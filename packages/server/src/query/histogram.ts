import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { valuesOf } from '../indexing/facet-list.ts';
import { occurrencesIn, type Segment, type Span } from '../indexing/segments.ts';
import { valueTerm } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import { BucketCounts } from './bucket-counts.ts';
import { countSample } from './bucket-sample.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import { candidates, nextThere, type Search } from './find.ts';
import { intervalsIn, roundInterval, startOf } from './intervals.ts';
import { find, spanOf } from './page.ts';
import { bitsWithin, needsRecords, portionsOf, type Limit } from './portions.ts';
import { positionsAt, timesOf } from './positions.ts';
import { visitRemoved } from './removed.ts';
import { READ_MAX, type SampleSize } from './sample.ts';

/**
 * How many entries match, over time. An entry counts as long as it is there: what was swept or
 * erased is in no bucket, as it is in no list. The count of a bucket is that of the list between
 * its `from` and its `to`.
 */

/** Fields of few values, by which each bucket can be told apart. */
export const HISTOGRAM_FIELDS = ['outcome', 'policy_decision', 'category', 'action_type'] as const;
export type HistogramField = (typeof HISTOGRAM_FIELDS)[number];

export const BUCKETS_MAX = 400;

export interface HistogramRequest {
  readonly app: number;
  readonly filter: Filter;
  readonly by: HistogramField | null;
  /** Chosen where none is asked for, so that there are no more than `buckets`. */
  readonly interval_ms: number | null;
  readonly buckets: number;
  /** Epoch ms: where a time with a beginning and no end ends. */
  readonly now: number;
}

interface Bucket {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  readonly count: number;
  readonly by?: Readonly<Record<string, number>>;
}

export interface Histogram {
  /** Null where nothing is there to begin with. */
  readonly from: string | null;
  readonly to: string | null;
  readonly interval_ms: number | null;
  readonly field?: HistogramField;
  readonly data: readonly Bucket[];
  /** False where the counts are estimated from a sample. */
  readonly exact: boolean;
  readonly sample?: SampleSize;
}

const NOTHING: Histogram = { from: null, to: null, interval_ms: null, data: [], exact: true };

/** Must run in one snapshot: the caller opens it. */
export async function readHistogram(
  db: Kysely<Tables>,
  request: HistogramRequest,
  deadline: Deadline,
): Promise<Histogram> {
  const { app, filter, by } = request;
  const search: Search = { db, app, filter, order: 'asc', deadline };
  const span = await spanOf(db, app, filter);
  const range = await rangeOf(search, span, request.now);
  if (range === null || range.end <= range.first) return NOTHING;
  const { interval_ms, times } = bucketsOf(request, range);
  const counts = new BucketCounts(await positionsAt(db, app, span, times));
  const sample = await count(search, span, by, counts);
  const timeAt = (index: number) => new Date(times[index] as number).toISOString();
  return {
    from: timeAt(0),
    to: timeAt(times.length - 1),
    interval_ms,
    ...(by === null ? {} : { field: by }),
    data: counts.all.map((total, bucket) => ({
      from: timeAt(bucket),
      to: timeAt(bucket + 1),
      count: total,
      ...(by === null ? {} : { by: counts.valuesIn(bucket) }),
    })),
    exact: sample === null,
    ...(sample === null ? {} : { sample }),
  };
}

/** Epoch ms; `end` is exclusive. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/** The time asked for; where an end is open, that of what may match, or now. */
async function rangeOf(search: Search, span: Span, now: number): Promise<Range | null> {
  const { from, to } = search.filter;
  const first = from ?? (await timeOfFirst(search, span));
  if (first === null) return null;
  if (to !== undefined) return { first, end: to };
  // A clock may have stepped back since.
  const newest = from === undefined ? { ...search, order: 'desc' as const } : newestOf(search);
  const end = await timeOfFirst(newest, span);
  return { first, end: 1 + (from === undefined ? (end ?? first) : Math.max(now, end ?? now)) };
}

/** The newest entry, whatever the filter. */
function newestOf(search: Search): Search {
  return { ...search, order: 'desc', filter: { conditions: [], words: [], phrases: [] } };
}

/** When the first entry that may match was sequenced, in the order of the search. */
async function timeOfFirst(search: Search, span: Span): Promise<number | null> {
  const there = await nextThere(search, span);
  if (there === null) return null;
  const rest =
    search.order === 'asc'
      ? { first: there, end: span.end }
      : { first: span.first, end: there + 1 };
  for await (const [seq] of candidates(search, rest)) {
    if (seq === undefined) continue;
    return (await timesOf(search.db, search.app, [seq])).get(seq) as number;
  }
  return null;
}

interface Buckets {
  readonly interval_ms: number;
  /** Where each begins, and where the last one ends. */
  readonly times: number[];
}

/** The first and the last are cut where `from` and `to` are. */
function bucketsOf(
  { filter, interval_ms: asked, buckets }: HistogramRequest,
  range: Range,
): Buckets {
  const { first, end } = range;
  if (asked === null && buckets === 1) return { interval_ms: end - first, times: [first, end] };
  const interval_ms = asked ?? roundInterval(first, end, buckets);
  const count = intervalsIn(first, end, interval_ms);
  if (count > BUCKETS_MAX) {
    throw new AffidavitError('invalid_request', `the time has ${count} intervals of this length`, {
      field: 'interval',
      expected: `a length that fits no more than ${BUCKETS_MAX} times`,
    });
  }
  const start = startOf(first, interval_ms);
  const times = Array.from({ length: count + 1 }, (_, i) => start + i * interval_ms);
  if (filter.from !== undefined) times[0] = filter.from;
  if (filter.to !== undefined) times[count] = filter.to;
  return { interval_ms, times };
}

/** Fills the counts; says what they were estimated from, where they were. */
async function count(
  search: Search,
  span: Span,
  by: HistogramField | null,
  counts: BucketCounts,
): Promise<SampleSize | null> {
  const { filter } = search;
  if (needsRecords(filter)) return countSample(search, { span, by, readMax: READ_MAX }, counts);
  if (filter.conditions.length > 0 || filter.finals) {
    await countPortions(search, span, { all: true, by }, counts);
    return null;
  }
  // Whatever is there counts: the positions alone tell how much that is.
  counts.add(span, ({ first, end }) => end - first);
  await visitRemoved(search, span, (removed) => {
    counts.add(removed, ({ first, end }) => first - end);
  });
  if (by !== null) await countPortions(search, span, { all: false, by }, counts);
  return null;
}

interface Wanted {
  readonly all: boolean;
  readonly by: HistogramField | null;
}

async function countPortions(
  search: Search,
  span: Span,
  { all, by }: Wanted,
  counts: BucketCounts,
): Promise<void> {
  const { db, app, deadline } = search;
  const values = by === null ? [] : await valuesOf(db, app, [by]);
  const terms = values.map(({ field, value }) => valueTerm(field, value));
  for await (const { within, unread } of portionsOf(search, span)) {
    for (const one of unread) await countRecords(search, one, { all, by }, counts);
    if (all) for (const [segment, limit] of within) addLimit(counts, segment, limit);
    for await (const found of occurrencesIn(db, app, [...within.keys()], terms)) {
      deadline.check();
      const { index, segment, positions } = found;
      const bits = bitsWithin(positions, segment, within.get(segment) as Limit);
      if (bits) addLimit(counts, segment, bits, values[index]?.value);
    }
  }
}

async function countRecords(
  search: Search,
  span: Span,
  { all, by }: Wanted,
  counts: BucketCounts,
): Promise<void> {
  for await (const { seq, envelope } of find(search, span)) {
    if (all) counts.addOne(seq);
    const value = by === null ? undefined : envelope[by];
    if (value !== undefined) counts.addOne(seq, String(value));
  }
}

function addLimit(counts: BucketCounts, segment: Segment, limit: Limit, value?: string): void {
  const countOf = ({ first, end }: Span) =>
    limit === 'all' ? end - first : limit.countBetween(first - segment.first, end - segment.first);
  counts.add(segment, countOf, value);
}
