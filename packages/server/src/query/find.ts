import type { Kysely } from 'kysely';

import type { Bits } from '../indexing/postings.ts';
import { segmentsIn, type Segment, type Span } from '../indexing/segments.ts';
import {
  FINAL_TERM,
  UNLISTED_TYPE_TERM,
  valueTerm,
  wordsOf,
  wordTerm,
  WORDY_TERM,
  type Term,
} from '../indexing/terms.ts';
import type { Tables } from '../store/tables.ts';
import type { Order } from './cursor.ts';
import type { Deadline } from './deadline.ts';
import type { Condition, Filter } from './filter.ts';
import { bitsIn } from './intersect.ts';
import { sieveOf } from './sieve.ts';

export interface Search {
  readonly db: Kysely<Tables>;
  readonly app: number;
  readonly filter: Filter;
  readonly order: Order;
  readonly deadline: Deadline;
}

const TAIL_STEP = 512;
/** Segments that are looked at together: few at first, because a page is soon full. */
const SEGMENTS_FIRST = 2;
const SEGMENTS_MOST = 64;

/**
 * The entries of a span that may match, in order and in handfuls. What is indexed is found by
 * intersecting the terms of each segment; the newest entries, not indexed yet, by their text. Each
 * must still be checked against the record.
 */
export async function* candidates(search: Search, span: Span): AsyncGenerator<number[]> {
  const byId = await seqsOfIds(search, span);
  if (byId) return yield byId;
  const conjuncts = await termsOfFilter(search);
  if (conjuncts.length === 0) return yield* everyEntry(search, span);
  const segments = await segmentsIn(search.db, search.app, span);
  const indexedEnd = Math.max(span.first, ...segments.map((segment) => segment.end));
  const tail = { first: Math.min(indexedEnd, span.end), end: span.end };
  if (search.order === 'desc') yield* notIndexed(search, tail);
  yield* indexed(search, conjuncts, segments, span);
  if (search.order === 'asc') yield* notIndexed(search, tail);
}

/** The entries of a span whose text does not rule them out. */
async function* notIndexed(search: Search, { first, end }: Span): AsyncGenerator<number[]> {
  const passes = sieveOf(search.filter);
  for (let done = 0; done < end - first; done += TAIL_STEP) {
    search.deadline.check();
    const step =
      search.order === 'asc'
        ? { first: first + done, end: Math.min(first + done + TAIL_STEP, end) }
        : { first: Math.max(end - done - TAIL_STEP, first), end: end - done };
    const rows = await envelopes(search, step);
    yield rows.filter(({ body }) => passes(body)).map(({ seq }) => Number(seq));
  }
}

function envelopes({ db, app, order }: Search, { first, end }: Span) {
  return db
    .selectFrom('parts')
    .select(['seq', 'body'])
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .where('part', '=', 'envelope')
    .orderBy('seq', order)
    .execute();
}

/** The entries with the ids asked for, when the filter names ids. */
async function seqsOfIds(search: Search, span: Span): Promise<number[] | null> {
  const condition = search.filter.conditions.find(({ fields }) => fields[0] === 'event_id');
  if (!condition) return null;
  const rows = await search.db
    .selectFrom('entries')
    .select('seq')
    .where('app', '=', search.app)
    .where('event_id', 'in', condition.values)
    .where('seq', '>=', span.first)
    .where('seq', '<', span.end)
    .orderBy('seq', search.order)
    .execute();
  return rows.map((row) => Number(row.seq));
}

/** All entries of a span. The first are named unseen; further on, what was removed is skipped. */
async function* everyEntry(search: Search, span: Span): AsyncGenerator<number[]> {
  let { first, end } = span;
  while (first < end) {
    search.deadline.check();
    const length = Math.min(TAIL_STEP, end - first);
    if (search.order === 'asc') {
      yield Array.from({ length }, (_, i) => first + i);
      first = (await nextThere(search, { first: first + length, end })) ?? end;
    } else {
      yield Array.from({ length }, (_, i) => end - 1 - i);
      end = 1 + ((await nextThere(search, { first, end: end - length })) ?? first - 1);
    }
  }
}

/** The first entry of a span, in the order of the search, of which any part is still there. */
export async function nextThere(
  { db, app, order }: Search,
  { first, end }: Span,
): Promise<number | null> {
  if (first >= end) return null;
  const row = await db
    .selectFrom('parts')
    .select('seq')
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .orderBy('seq', order)
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : Number(row.seq);
}

/** For each condition the terms of which one must occur; all conditions must hold. */
export async function termsOfFilter({ db, app, filter }: Search): Promise<Term[][]> {
  const conjuncts: Term[][] = filter.finals ? [[FINAL_TERM]] : [];
  for (const condition of filter.conditions) {
    const values = [...condition.values, ...(await expand(db, app, condition))];
    const terms = condition.fields.flatMap((field) =>
      values.map((value) => valueTerm(field, value)),
    );
    if (condition.prefixes.length > 0) terms.push(UNLISTED_TYPE_TERM);
    conjuncts.push(terms);
  }
  const words = [...filter.words, ...filter.phrases.flatMap((phrase) => innerWords(phrase))];
  for (const word of words) conjuncts.push([wordTerm(word), WORDY_TERM]);
  return conjuncts;
}

/** The words of a phrase that surely begin at a word of the text: all but the first. */
function innerWords(phrase: string): string[] {
  return wordsOf(phrase).slice(1);
}

/** Values that begin as asked, from what the field has had so far. */
async function expand(db: Kysely<Tables>, app: number, condition: Condition): Promise<string[]> {
  if (condition.prefixes.length === 0) return [];
  const rows = await db
    .selectFrom('facet_values')
    .select('value')
    .where('app', '=', app)
    .where('field', '=', condition.fields[0] as string)
    .execute();
  return rows
    .map((row) => row.value)
    .filter((value) => condition.prefixes.some((prefix) => value.startsWith(prefix)));
}

/** The entries of a span, in segments that it touches, at which every conjunct occurs. */
async function* indexed(
  search: Search,
  conjuncts: readonly Term[][],
  segments: readonly Segment[],
  span: Span,
): AsyncGenerator<number[]> {
  const inOrder = search.order === 'desc' ? segments.toReversed() : segments;
  let count = SEGMENTS_FIRST;
  for (let at = 0; at < inOrder.length;) {
    search.deadline.check();
    const some = inOrder.slice(at, at + count);
    const found = await bitsIn(search, conjuncts, some);
    let handful: number[] = [];
    for (const segment of some) {
      for (const position of positionsOf(found.get(segment), search.order)) {
        const seq = segment.first + position;
        if (seq < span.first || seq >= span.end) continue;
        if (handful.push(seq) < TAIL_STEP) continue;
        yield handful;
        handful = [];
      }
    }
    yield handful;
    at += count;
    count = Math.min(count * 2, SEGMENTS_MOST);
  }
}

function positionsOf(bits: Bits | undefined, order: Order): Iterable<number> {
  if (!bits) return [];
  return order === 'asc' ? bits.ascending() : bits.descending();
}
