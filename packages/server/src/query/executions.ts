import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { withKeeping } from '../retain/shown.ts';
import type { Span } from '../indexing/segments.ts';
import type { Tables } from '../store/tables.ts';
import { decodeCursor, encodeCursor, type Order } from './cursor.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import type { Search } from './find.ts';
import { matches } from './match.ts';
import { find, narrow, nextPosition, spanOf, type Page, type PageRequest } from './page.ts';
import { readRecords, type StoredRecord } from './records.ts';

const STEP = 512;
/** Entries of one execution that are merged: anyone may report more under its id. */
const ENTRIES_MAX = 1000;

/**
 * One page of executions: the entries that end one, which repeat what their intent said, the
 * intents that are still open, and what waits for a person.
 */
export async function readExecutions(
  db: Kysely<Tables>,
  request: PageRequest,
  deadline: Deadline,
): Promise<Page> {
  const { app, order, limit, cursor } = request;
  const filter: Filter = { ...request.filter, finals: true };
  const after = cursor === undefined ? null : decodeCursor(app, filter, order, cursor).seq;
  const span = narrow(await spanOf(db, app, filter), order, after);
  const search: Search = { db, app, filter, order, deadline };
  const records = await openIntents(search, request.filter, span, limit + 1);
  if (!filter.open) records.push(...(await ended(search, span, limit + 1)));
  records.sort((a, b) => (order === 'asc' ? a.seq - b.seq : b.seq - a.seq));
  const has_more = records.length > limit;
  records.length = Math.min(records.length, limit);
  const seq = nextPosition(records, has_more, order, span, after);
  const next_cursor = seq === null ? null : encodeCursor(app, filter, { seq, order });
  return { records: await withKeeping(db, app, records), next_cursor, has_more };
}

/** The first executions of a span that ended and match, in order. */
async function ended(search: Search, span: Span, limit: number): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for await (const record of find(search, span, limit)) {
    found.push(record);
    if (found.length === limit) break;
  }
  return found;
}

/** The first open intents of a span that match, in order. */
async function openIntents(
  { db, app, order, deadline }: Search,
  filter: Filter,
  span: Span,
  limit: number,
): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  const seqs = await openSeqs(db, app, span, order);
  for (let at = 0; at < seqs.length && found.length < limit; at += STEP) {
    deadline.check();
    const records = await readRecords(db, app, seqs.slice(at, at + STEP), order);
    found.push(...records.filter(({ envelope }) => matches(envelope, filter)));
  }
  return found;
}

/**
 * Open intents are calls under way, and what waits for a person is bounded, so that their positions
 * are few enough to hold.
 */
async function openSeqs(
  db: Kysely<Tables>,
  app: number,
  span: Span,
  order: Order,
): Promise<number[]> {
  const intents = db
    .selectFrom('open_intents')
    .innerJoin('entries', (join) =>
      join
        .onRef('entries.app', '=', 'open_intents.app')
        .onRef('entries.event_id', '=', 'open_intents.event_id'),
    )
    .select('entries.seq')
    .where('open_intents.app', '=', app)
    .where('entries.seq', '>=', span.first)
    .where('entries.seq', '<', span.end);
  const waiting = db
    .selectFrom('approvals')
    .innerJoin('entries', (join) =>
      join
        .onRef('entries.app', '=', 'approvals.app')
        .onRef('entries.event_id', '=', 'approvals.event_id'),
    )
    .select('entries.seq')
    .where('approvals.app', '=', app)
    .where('approvals.ended_at', 'is', null)
    // What runs is listed by its intent.
    .where('approvals.status', '<>', 'running')
    .where('entries.seq', '>=', span.first)
    .where('entries.seq', '<', span.end);
  const rows = [...(await intents.execute()), ...(await waiting.execute())];
  const sign = order === 'asc' ? 1 : -1;
  return rows.map((row) => Number(row.seq)).sort((a, b) => sign * (a - b));
}

/** All entries of one execution, merged in order: what the outcome says wins over the intent. */
export async function readExecution(
  db: Kysely<Tables>,
  app: number,
  executionId: string,
  deadline: Deadline,
): Promise<string> {
  const filter: Filter = {
    conditions: [{ fields: ['execution_id'], values: [executionId], prefixes: [] }],
    words: [],
    phrases: [],
  };
  const span = await spanOf(db, app, {});
  const entries: Record<string, unknown>[] = [];
  for await (const record of find({ db, app, filter, order: 'asc', deadline }, span)) {
    entries.push(JSON.parse(record.json) as Record<string, unknown>);
    if (entries.length === ENTRIES_MAX) break;
  }
  if (entries.length === 0) {
    throw new AffidavitError('not_found', `there is no execution ${executionId}`, {
      field: 'execution_id',
    });
  }
  const steps = entries.map(({ event_id, event_type, seq, created_at, outcome }) => ({
    event_id,
    event_type,
    seq,
    created_at,
    ...(outcome === undefined ? {} : { outcome }),
  }));
  return JSON.stringify({
    ...Object.assign({}, ...entries),
    started_at: entries[0]?.created_at,
    entries: steps,
  });
}
