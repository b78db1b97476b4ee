/** Checks one log: a thread for each check, that no query waits for one. */
import { workerData } from 'node:worker_threads';

import { openReadStore, type Database } from '../store/open.ts';
import { notify, serve } from '../threads/rpc.ts';
import type { TimeRange } from './locate.ts';
import { checkLog } from './log.ts';
import type { Progress } from './walk.ts';

/** Longest single statement: the one that looks for repeated ids goes over a whole index. */
const STATEMENT_MS = 10 * 60 * 1000;
/** Between two words about progress. */
const NOTICE_MS = 200;

export interface CheckRequest extends TimeRange {
  readonly app: number;
}

const { database } = workerData as { readonly database: Database };
const db = await openReadStore(database, { statementTimeoutMs: STATEMENT_MS, careful: true });

let nextNotice = 0;
function tell(progress: Progress): void {
  if (performance.now() < nextNotice) return;
  nextNotice = performance.now() + NOTICE_MS;
  notify(progress);
}

serve({
  check: ({ app, ...range }: CheckRequest) =>
    checkLog({ db, kind: database.kind, app }, { ...range, onProgress: tell }),
});
