import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Deadline } from './deadline.ts';
import type { Filter } from './filter.ts';
import type { Span } from './find.ts';
import { matches } from './match.ts';
import { find, narrow, nextPosition, spanOf, type Page, type PageRequest } from './page.ts';
import { readRecords, type StoredRecord } from './records.ts';

const OPEN_MAX = 1000;

/**
 * One page of executions: the entries that end one, which repeat what their intent said, and the
 * intents that are still open.
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
  const records = await openIntents(db, request, span);
  let finals = 0;
  for await (const record of find({ db, app, filter, order, deadline }, span, limit + 1)) {
    records.push(record);
    if (++finals > limit) break;
  }
  records.sort((a, b) => (order === 'asc' ? a.seq - b.seq : b.seq - a.seq));
  const has_more = records.length > limit;
  records.length = Math.min(records.length, limit);
  const seq = nextPosition(records, has_more, order, span, after);
  const next_cursor = seq === null ? null : encodeCursor(app, filter, { seq, order });
  return { records, next_cursor, has_more };
}

async function openIntents(
  db: Kysely<Tables>,
  { app, filter, order }: PageRequest,
  span: Span,
): Promise<StoredRecord[]> {
  const rows = await db
    .selectFrom('open_intents')
    .innerJoin('entries', (join) =>
      join
        .onRef('entries.app', '=', 'open_intents.app')
        .onRef('entries.event_id', '=', 'open_intents.event_id'),
    )
    .select('entries.seq')
    .where('open_intents.app', '=', app)
    .where('entries.seq', '>=', span.first)
    .where('entries.seq', '<', span.end)
    .limit(OPEN_MAX)
    .execute();
  const seqs = rows.map((row) => Number(row.seq));
  const records = await readRecords(db, app, seqs, order);
  return records.filter(({ envelope }) => matches(envelope, filter));
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
