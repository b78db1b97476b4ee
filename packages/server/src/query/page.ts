import type { Kysely } from 'kysely';

import type { Span } from '../indexing/segments.ts';
import { withKeeping } from '../retain/shown.ts';
import type { Tables } from '../store/tables.ts';
import { decodeCursor, encodeCursor, type Order } from './cursor.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import { candidates, type Search } from './find.ts';
import { matches } from './match.ts';
import { positionsAt } from './positions.ts';
import { readRecords, type StoredRecord } from './records.ts';

export interface PageRequest {
  readonly app: number;
  readonly filter: Filter;
  readonly order: Order;
  readonly limit: number;
  readonly cursor?: string;
  /** Only entries below this `seq`: what comes in meanwhile is not seen. */
  readonly before_seq?: number;
}

export interface Page {
  readonly records: StoredRecord[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

const STEP_MAX = 512;
/** A page of large entries ends here, before its limit: what is held and sent stays bounded. */
const PAGE_CHARACTERS_MAX = 4 * 1024 * 1024;

/** One page of the trail. Must run in one snapshot: the caller opens it. */
export async function readPage(
  db: Kysely<Tables>,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page> {
  const { app, filter, order, limit, cursor, before_seq } = request;
  const after = cursor === undefined ? null : decodeCursor(app, filter, order, cursor).seq;
  const whole = narrow(await spanOf(db, app, filter), order, after);
  const span = { first: whole.first, end: Math.min(whole.end, before_seq ?? whole.end) };
  const records: StoredRecord[] = [];
  let characters = 0;
  let has_more = false;
  for await (const record of find({ db, app, filter, order, deadline }, span, limit + 1)) {
    characters += record.json.length;
    has_more = records.length === limit || (characters > PAGE_CHARACTERS_MAX && records.length > 0);
    if (has_more) break;
    records.push(record);
  }
  const seq = nextPosition(records, has_more, order, span, after);
  const next_cursor = seq === null ? null : encodeCursor(app, filter, { seq, order });
  return { records: await withKeeping(db, app, records), next_cursor, has_more };
}

/** Every entry of a span that matches, in order; reads few at a time, more when few match. */
export async function* find(
  search: Search,
  span: Span,
  firstStep = STEP_MAX,
): AsyncGenerator<StoredRecord> {
  if (span.end <= span.first) return;
  const { db, app, filter, order, deadline } = search;
  let step = Math.min(firstStep, STEP_MAX);
  for await (const seqs of candidates(search, span)) {
    for (let at = 0; at < seqs.length;) {
      deadline.check();
      const some = seqs.slice(at, at + step);
      let matching = 0;
      for (const record of await readRecords(db, app, some, order)) {
        if (!matches(record.envelope, filter)) continue;
        matching++;
        yield record;
      }
      at += some.length;
      if (matching * 2 < some.length) step = Math.min(step * 2, STEP_MAX);
    }
  }
}

/**
 * Where the next page begins. An ascending reader always gets a cursor, behind everything that
 * was looked at, so that it can come back for what is new.
 */
export function nextPosition(
  records: readonly StoredRecord[],
  hasMore: boolean,
  order: Order,
  span: Span,
  after: number | null,
): number | null {
  if (hasMore) return (records.at(-1) as StoredRecord).seq;
  if (order === 'desc') return null;
  return Math.max(span.end - 1, after ?? -1);
}

export function narrow(span: Span, order: Order, after: number | null): Span {
  if (after === null) return span;
  if (order === 'asc') return { first: Math.max(span.first, after + 1), end: span.end };
  return { first: span.first, end: Math.min(span.end, after) };
}

/** The entries between `from` and `to`: one range of `seq`, because `created_at` never decreases. */
export async function spanOf(
  db: Kysely<Tables>,
  app: number,
  { from, to }: Pick<Filter, 'from' | 'to'>,
): Promise<Span> {
  const size = await sizeOf(db, app);
  const first = from === undefined ? 0 : await firstAtOrAfter(db, app, size, from);
  const end = to === undefined ? size : await firstAtOrAfter(db, app, size, to);
  return { first, end };
}

/** Entries that a log has. */
export async function sizeOf(db: Kysely<Tables>, app: number): Promise<number> {
  const head = await db
    .selectFrom('heads')
    .select('size')
    .where('app', '=', app)
    .executeTakeFirst();
  return Number(head?.size ?? 0);
}

/** Position of the first entry at or after a time. */
export async function firstAtOrAfter(
  db: Kysely<Tables>,
  app: number,
  size: number,
  time: number,
): Promise<number> {
  const [position] = await positionsAt(db, app, { first: 0, end: size }, [time]);
  return position as number;
}
