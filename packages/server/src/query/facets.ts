import type { FieldName } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { valuesOf } from '../indexing/facet-list.ts';
import type { Positions } from '../indexing/postings.ts';
import { occurrencesIn, type Segment, type Span } from '../indexing/segments.ts';
import { valueTerm } from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Deadline } from './deadline.ts';
import { FacetCounts, type FacetCount } from './facet-counts.ts';
import type { Filter } from './filter.ts';
import type { Search } from './find.ts';
import { matches } from './match.ts';
import { find, spanOf } from './page.ts';
import { bitsWithin, needsRecords, portionsOf, type Limit, type Portion } from './portions.ts';
import { readRecords } from './records.ts';
import { countCandidates, READ_MAX, readSome, type SampleSize } from './sample.ts';

export interface FacetRequest {
  readonly app: number;
  readonly fields: readonly FieldName[];
  readonly filter: Filter;
  readonly limit: number;
  /** Whether free text may be estimated, where there is too much to read. */
  readonly mayEstimate: boolean;
}

export interface Facets {
  /** Values with the number of entries that have them, most frequent first. */
  readonly fields: Readonly<Record<string, readonly FacetCount[]>>;
  /** What the counts were estimated from; null where they are exact. */
  readonly sample: SampleSize | null;
}

/** A field with more values than are listed (see `FacetList`) shows those that came first. */
export async function readFacets(
  db: Kysely<Tables>,
  { app, fields, filter, limit, mayEstimate }: FacetRequest,
  deadline: Deadline,
): Promise<Facets> {
  const search: Search = { db, app, filter, order: 'asc', deadline };
  const span = await spanOf(db, app, filter);
  const counts = new FacetCounts(fields);
  if (mayEstimate && needsRecords(filter)) {
    const sample = await countSome(search, span, counts);
    const times = sample === null ? 1 : sample.candidates / sample.read;
    return { fields: counts.top(limit, times), sample };
  }
  if (needsRecords(filter)) await countRecords(search, span, counts);
  else await countPortions(search, fields, span, counts);
  return { fields: counts.top(limit), sample: null };
}

async function countRecords(search: Search, span: Span, counts: FacetCounts): Promise<void> {
  for await (const { envelope } of find(search, span)) counts.addRecord(envelope);
}

/** Counts in a sample, where there is too much to read; null where all was read. */
async function countSome(
  search: Search,
  span: Span,
  counts: FacetCounts,
): Promise<SampleSize | null> {
  const candidates = await countCandidates(search, span);
  let read = 0;
  for await (const some of readSome(search, span, { candidates, readMax: READ_MAX })) {
    read += some.seqs.length;
    for (const { envelope } of some.records) counts.addRecord(envelope);
  }
  return read === candidates ? null : { candidates, read };
}

async function countPortions(
  search: Search,
  fields: readonly FieldName[],
  span: Span,
  counts: FacetCounts,
): Promise<void> {
  const { db, app, deadline } = search;
  const values = await valuesOf(db, app, fields);
  const terms = values.map(({ field, value }) => valueTerm(field, value));
  for await (const { within, unread } of portionsOf(search, span)) {
    for (const one of unread) await countRecords(search, one, counts);
    const few = fewOf(within, terms.length);
    if (few) {
      await countAt(search, few, counts);
      continue;
    }
    for await (const found of occurrencesIn(db, app, [...within.keys()], terms)) {
      deadline.check();
      const { index, segment, positions } = found;
      const { field, value } = values[index] as (typeof values)[number];
      counts.add(field, value, countWithin(positions, segment, within.get(segment) as Limit));
    }
  }
}

function countWithin(positions: Positions, segment: Segment, limit: Limit): number {
  if (limit === 'all') return positions.count;
  return bitsWithin(positions, segment, limit)?.count ?? 0;
}

/** Values that are looked up in a segment in the time that it takes to read a record. */
const LOOKUPS_PER_RECORD = 2;

/** What counts in these segments, where it is sooner read than all values are looked up. */
function fewOf(within: Portion['within'], values: number): number[] | null {
  const most = Math.min(READ_MAX, (values * within.size) / LOOKUPS_PER_RECORD);
  const seqs: number[] = [];
  for (const [{ first }, limit] of within) {
    if (limit === 'all') return null;
    for (const position of limit.ascending()) {
      if (seqs.push(first + position) > most) return null;
    }
  }
  return seqs;
}

const RECORDS_PER_STEP = 512;

async function countAt(
  { db, app, filter, deadline }: Search,
  seqs: readonly number[],
  counts: FacetCounts,
): Promise<void> {
  for (let at = 0; at < seqs.length; at += RECORDS_PER_STEP) {
    deadline.check();
    const some = seqs.slice(at, at + RECORDS_PER_STEP);
    for (const { envelope } of await readRecords(db, app, some, 'asc')) {
      if (matches(envelope, filter)) counts.addRecord(envelope);
    }
  }
}
