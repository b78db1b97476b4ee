import type { Kysely } from 'kysely';

import type { FieldName } from '@affidavit/schema';

import type { Tables } from '../store/tables.ts';
import { listedFacets, type FacetList, type FacetValue } from './facet-list.ts';
import { Bits, withoutPositions } from './postings.ts';
import { overlap, positionsIn, segmentsIn, type Segment, type Span } from './segments.ts';
import { valueTerm } from './terms.ts';
import type { IndexWrite } from './write.ts';

/**
 * What was removed leaves the index too: the terms of the entries, and the listed values that no
 * entry has any more. `removals` says what is still to be forgotten; doing it twice does no harm.
 */

const REMOVALS_PER_STEP = 1000;
const PAGES_PER_STEP = 64;
const FACETS_PER_STEP = 500;
const SEGMENTS_PER_STEP = 16;

export interface ForgetOptions {
  readonly db: Kysely<Tables>;
  readonly write: (write: IndexWrite) => Promise<void>;
}

export async function forgetRemoved(
  options: ForgetOptions,
  app: number,
  facets: FacetList,
): Promise<void> {
  let forgot = false;
  for (;;) {
    const rows = await pendingRemovals(options.db, app);
    if (rows.length === 0) break;
    forgot = true;
    await forgetSpans(options, app, rows);
    const event_ids = [...new Set(rows.map(({ event_id }) => event_id))];
    const [first, last] = [rows[0]?.first as number, rows.at(-1)?.first as number];
    await options.write({ step: 'forgotten', app, event_ids, first, last });
  }
  if (forgot) await unlistAbsent(options, app, facets);
}

async function pendingRemovals(db: Kysely<Tables>, app: number) {
  const rows = await db
    .selectFrom('removals')
    .select(['first_seq', 'end_seq', 'event_id'])
    .where('app', '=', app)
    .where('index_pending', '=', 1)
    .orderBy('first_seq')
    .limit(REMOVALS_PER_STEP)
    .execute();
  return rows.map(({ first_seq, end_seq, event_id }) => {
    return { first: Number(first_seq), end: Number(end_seq), event_id };
  });
}

/** `spans` in the order of their beginnings. */
async function forgetSpans(
  options: ForgetOptions,
  app: number,
  spans: readonly Span[],
): Promise<void> {
  const end = Math.max(...spans.map((span) => span.end));
  for (const segment of await segmentsIn(options.db, app, { first: spans[0]?.first ?? 0, end })) {
    const gone = goneIn(segment, spans);
    if (gone.count === 0) continue;
    if (gone.count === segment.end - segment.first) {
      await options.write({ step: 'discard', app, segment: segment.segment });
    } else {
      await rewriteSegment(options, app, segment.segment, gone);
    }
  }
}

function goneIn(segment: Segment, spans: readonly Span[]): Bits {
  const gone = new Bits(segment.end - segment.first);
  for (const span of spans) {
    const { first, end } = overlap(span, segment);
    for (let seq = first; seq < end; seq++) gone.set(seq - segment.first);
  }
  return gone;
}

async function rewriteSegment(
  { db, write }: ForgetOptions,
  app: number,
  segment: number,
  gone: Bits,
): Promise<void> {
  for (let after = -1; ;) {
    const rows = await db
      .selectFrom('postings')
      .select(['first_term', 'page'])
      .where('app', '=', app)
      .where('segment', '=', segment)
      .where('first_term', '>', after)
      .orderBy('first_term')
      .limit(PAGES_PER_STEP)
      .execute();
    const pages: { first_term: number; page: Uint8Array }[] = [];
    const emptied: number[] = [];
    for (const { first_term, page } of rows) {
      const left = withoutPositions(page, gone);
      if (left === null) emptied.push(Number(first_term));
      else if (left !== undefined) pages.push({ first_term: Number(first_term), page: left });
    }
    if (pages.length + emptied.length > 0) {
      await write({ step: 'rewrite', app, segment, pages, emptied });
    }
    if (rows.length < PAGES_PER_STEP) return;
    after = Number(rows.at(-1)?.first_term);
  }
}

/** Takes values from the list of facets that occur in no segment: only segments bring them in. */
async function unlistAbsent(
  { db, write }: ForgetOptions,
  app: number,
  facets: FacetList,
): Promise<void> {
  const segments = await segmentsIn(db, app, { first: 0, end: Number.MAX_SAFE_INTEGER });
  const absent: FacetValue[] = [];
  for (const value of await listedFacets(db, app)) {
    if (!(await occurs(db, app, segments, value))) absent.push(value);
  }
  for (let at = 0; at < absent.length; at += FACETS_PER_STEP) {
    const some = absent.slice(at, at + FACETS_PER_STEP);
    await write({ step: 'unlist', app, facets: some });
    facets.forget(some);
  }
}

/** Newest first, where most that is still in use is found at once. */
async function occurs(
  db: Kysely<Tables>,
  app: number,
  segments: readonly Segment[],
  { field, value }: FacetValue,
): Promise<boolean> {
  const term = valueTerm(field as FieldName, value);
  for (let end = segments.length; end > 0; end -= SEGMENTS_PER_STEP) {
    const some = segments.slice(Math.max(0, end - SEGMENTS_PER_STEP), end);
    if ((await positionsIn(db, app, some, term)).size > 0) return true;
  }
  return false;
}
