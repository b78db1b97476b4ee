/** Answers queries on a connection that cannot write, one at a time, each in one snapshot. */
import { workerData } from 'node:worker_threads';

import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { actionOperations } from '../actions/begun.ts';
import { approvalOperations } from '../approvals/reads.ts';
import { readExport, type ExportRequest } from '../export/read.ts';
import { deliveryOperations } from '../deliver/reads.ts';
import { proveOperations } from '../prove/operations.ts';
import { retainOperations } from '../retain/operations.ts';
import { grantOperations } from '../grants/reads.ts';
import { tokenOperations } from '../tokens/reads.ts';
import { readRows, readTally } from '../report/read.ts';
import type { ReportRowsRequest, TallyRequest } from '../report/read.ts';
import { listSubjects, type SubjectRequest } from '../runs/list.ts';
import { readRun } from '../runs/read.ts';
import { readStats, type StatsRequest } from '../stats/read.ts';
import { openReadStore, type Database } from '../store/open.ts';
import type { Row } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';
import { giveWay } from '../threads/priority.ts';
import { serve } from '../threads/rpc.ts';
import { watchOperations } from '../watch/reads.ts';
import { Deadline } from './deadline.ts';
import { readExecution, readExecutions } from './executions.ts';
import { readFacets, type FacetRequest } from './facets.ts';
import { readHistogram, type HistogramRequest } from './histogram.ts';
import { readPage, type Page, type PageRequest } from './page.ts';

export interface ReaderSettings {
  readonly database: Database;
  /** Longest query, ms. */
  readonly deadlineMs: number;
  /** Whether its threads give way to those that write. */
  readonly givesWay: boolean;
}

export type Timed<T> = T & { readonly deadline: number };

/** A page as server-sent events (WHATWG HTML, section 9.2). */
export interface StreamChunk {
  readonly text: string;
  readonly next_cursor: string;
  readonly has_more: boolean;
}

const { database, deadlineMs, givesWay } = workerData as ReaderSettings;
if (givesWay) giveWay();
const db = await openReadStore(database, { statementTimeoutMs: deadlineMs });

function snapshot<T>(work: (snapshot: Kysely<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().execute(work);
}

/** The body of a list answer, as text: records are never parsed on their way out. */
function listBody({ records, next_cursor, has_more }: Page): string {
  const data = records.map((record) => record.json).join(',');
  return `{"data":[${data}],"next_cursor":${JSON.stringify(next_cursor)},"has_more":${has_more}}`;
}

serve({
  ...proveOperations(snapshot),
  ...retainOperations(snapshot),
  ...tokenOperations(snapshot),
  ...grantOperations(snapshot),
  ...approvalOperations(snapshot),
  ...watchOperations(snapshot),
  ...actionOperations(snapshot),
  ...deliveryOperations(snapshot),
  events: async ({ deadline, ...request }: Timed<PageRequest>) =>
    listBody(await snapshot((at) => readPage(at, request, new Deadline(deadline)))),
  executions: async ({ deadline, ...request }: Timed<PageRequest>) =>
    listBody(await snapshot((at) => readExecutions(at, request, new Deadline(deadline)))),
  execution: ({ app, execution_id, deadline }: Timed<{ app: number; execution_id: string }>) =>
    snapshot((at) => readExecution(at, app, execution_id, new Deadline(deadline))),
  facets: ({ deadline, ...request }: Timed<FacetRequest>) =>
    snapshot((at) => readFacets(at, request, new Deadline(deadline))),
  histogram: ({ deadline, ...request }: Timed<HistogramRequest>) =>
    snapshot((at) => readHistogram(at, request, new Deadline(deadline))),
  exportPiece: ({ deadline, ...request }: Timed<ExportRequest>) =>
    snapshot((at) => readExport(at, request, new Deadline(deadline))),
  reportTally: ({ deadline, ...request }: Timed<TallyRequest>) =>
    snapshot((at) => readTally(at, request, new Deadline(deadline))),
  reportRows: ({ deadline, ...request }: Timed<ReportRowsRequest>) =>
    snapshot((at) => readRows(at, request, new Deadline(deadline))),
  run: ({ app, run_id, deadline }: Timed<{ app: number; run_id: string }>) =>
    snapshot((at) => readRun(at, app, run_id, new Deadline(deadline))),
  subjects: ({ deadline, ...request }: Timed<SubjectRequest>) =>
    snapshot((at) => listSubjects(at, request, new Deadline(deadline))),
  stats: ({ deadline, ...request }: Timed<StatsRequest>) =>
    snapshot((at) => readStats(at, request, new Deadline(deadline))),
  streamChunk: async ({ deadline, ...request }: Timed<PageRequest>): Promise<StreamChunk> => {
    const page = await snapshot((at) => readPage(at, request, new Deadline(deadline)));
    const { records, has_more } = page;
    const text = records
      .map(({ seq, json }) => `id: ${seq}\nevent: entry\ndata: ${json}\n\n`)
      .join('');
    // An ascending page always has a cursor.
    return { text, next_cursor: page.next_cursor as string, has_more };
  },
  /** Rows of a small table, for the directory and for administrative lists. */
  rows: ({ table, where, limit, order, after }: RowsRequest) => {
    let query = db
      .selectFrom(table as 'installation')
      .selectAll()
      .where((eb) => eb.and(where as never))
      .limit(limit);
    if (order) query = query.orderBy(order as never);
    if (order && after !== undefined) query = query.where(order as never, '>', after as never);
    return query.execute();
  },
  /** Answered as soon as the thread has loaded. */
  awake: () => true,
  /** Proves that the database answers. */
  ping: async () => {
    const row = await db.selectFrom('apps').select('app').limit(1).executeTakeFirst();
    if (!row) throw new AffidavitError('internal', 'the database is empty');
    return true;
  },
  close: () => db.destroy(),
});

export interface RowsRequest {
  readonly table: keyof Tables;
  readonly where: Row;
  readonly limit: number;
  readonly order?: string;
  /** Only rows whose `order` is behind this. */
  readonly after?: string;
}
