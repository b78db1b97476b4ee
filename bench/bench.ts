import { fileURLToPath } from 'node:url';

import { measurePostgresTable, type PostgresResult } from './baseline/postgres-table.ts';
import { measureSqliteTable, type TableResult } from './baseline/sqlite-table.ts';
import { startChild, type Child } from './child.ts';
import type { Options } from './options.ts';

/** What measurements share: how long they take, and baselines that are measured once. */

export interface Tables {
  readonly sqlite: TableResult;
  /** Null where there is no PostgreSQL. */
  readonly postgres: PostgresResult | null;
}

export interface Bench {
  readonly options: Options;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Of baselines. */
  readonly baselineMs: number;
  /** Tells a person what is going on. */
  readonly tell: (text: string) => void;
  readonly tables: () => Promise<Tables>;
}

/** Code that runs for the first time is slow, and a server runs for days. */
const WARM_UP_MS = 5000;

export function createBench(options: Options, tell: (text: string) => void): Bench {
  const measureMs = options.seconds * 1000;
  const baselineMs = Math.max(1000, measureMs / 2);
  let tables: Promise<Tables> | null = null;
  const measureTables = async () => {
    tell('baseline: plain SQLite audit table, one row per transaction');
    const sqlite = measureSqliteTable(500, baselineMs);
    tell('baseline: plain PostgreSQL audit table, one row per transaction');
    const databaseUrl = process.env.AFFIDAVIT_BENCH_DATABASE_URL;
    const postgres = await measurePostgresTable(databaseUrl, 1000, baselineMs);
    return { sqlite, postgres };
  };
  return {
    options,
    warmUpMs: Math.max(WARM_UP_MS, measureMs / 3),
    measureMs,
    baselineMs,
    tell,
    tables: () => (tables ??= measureTables()),
  };
}

/** The bare HTTP server of `loopback-service.ts`; `said` is its URL. */
export function startLoopbackService(): Promise<Child> {
  return startChild({
    command: process.execPath,
    argv: [fileURLToPath(new URL('./loopback-service.ts', import.meta.url))],
    ready: /listening on (http:\S+)/,
  });
}
