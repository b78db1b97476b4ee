import type { Affidavit } from '../affidavit.ts';
import { startLoopbackService, type Bench, type Tables } from '../bench.ts';
import { memoryOf, type Memory } from '../child.ts';
import { singleBodies } from '../events.ts';
import { runLoad, type Load, type LoadResult } from '../load.ts';
import {
  megabytes,
  milliseconds,
  perSecond,
  row,
  times,
  type Row,
  type Section,
} from '../report.ts';
import { onEachStore } from '../stores.ts';

/** One event per HTTP request, 64 clients, acknowledged durable and under a signed checkpoint. */

const CLIENTS = 64;
const BODIES = 8192;
const JSON_HEADERS = { 'content-type': 'application/json' };

function figures({ perSecond: rate, latencies }: Pick<LoadResult, 'perSecond' | 'latencies'>) {
  const [p50 = NaN, p99 = NaN] = latencies.percentiles(0.5, 0.99);
  return { rate: perSecond(rate), p50: milliseconds(p50), p99: milliseconds(p99) };
}

/** Rows of the table baselines, for every measurement of writes. */
export function tableRows({ sqlite, postgres }: Tables): Row[] {
  const name = 'Baseline: SQLite table, 1 row per transaction';
  const ofSqlite = row({ name, ...figures(sqlite) });
  if (!postgres) {
    return [
      ofSqlite,
      row({ name: 'Baseline: PostgreSQL table', rate: 'not measured: not installed' }),
    ];
  }
  const table = `Baseline: PostgreSQL ${postgres.version} table, 1 row per transaction, 32 connections`;
  return [
    ofSqlite,
    row({ name: `${table} of pgbench`, ...figures(postgres) }),
    row({ name: `${table} of a Node program`, ...figures(postgres.byDriver) }),
  ];
}

/** The ratio that counts: PostgreSQL's table where there is one. */
export function besideTables(rate: number, { sqlite, postgres }: Tables): string {
  const own = times(rate / sqlite.perSecond, 'SQLite');
  if (!postgres) return own;
  const { perSecond, byDriver } = postgres;
  const ratios = [
    times(rate / perSecond, 'pgbench'),
    times(rate / byDriver.perSecond, 'Node on PostgreSQL'),
  ];
  return [...ratios, own].join(', ');
}

interface OnStore {
  readonly store: string;
  readonly ours: LoadResult;
  readonly memory: Memory | null;
}

const shotOf = (bodies: readonly Buffer[]) => (n: number) => ({
  method: 'POST' as const,
  path: '/v1/events',
  body: bodies[n % bodies.length] as Buffer,
});

type Shape = Pick<Load, 'inFlight' | 'status' | 'shot'>;

async function measureBare(load: Shape, measureMs: number): Promise<LoadResult> {
  const service = await startLoopbackService();
  const origin = service.said;
  return runLoad({ ...load, origin, headers: JSON_HEADERS, warmUpMs: 1000, measureMs }).finally(
    service.stop,
  );
}

function rowOf({ store, ours }: OnStore, bare: LoadResult, tables: Tables): Row {
  return row({
    name: `Affidavit on ${store}, ${CLIENTS} clients`,
    ...figures(ours),
    beside: `${besideTables(ours.perSecond, tables)}, ${times(ours.perSecond / bare.perSecond, 'bare HTTP')}`,
    target: '1.5 × the PostgreSQL table, p99 ≤ 50 ms',
  });
}

const noteOf = ({ store, ours, memory }: OnStore) =>
  `On ${store} the load generator took ${ours.clientCores.toFixed(2)} of a core beside the server; the server held ${memory ? megabytes(memory.resident) : 'unknown'} of memory at the end.`;

export async function measureSingle(bench: Bench): Promise<Section> {
  const { tell, warmUpMs, measureMs, baselineMs } = bench;
  const load = { inFlight: CLIENTS, status: 201, shot: shotOf(singleBodies(BODIES, 1)) };
  const measure = async (server: Affidavit, store: string): Promise<OnStore> => {
    tell(`single events: Affidavit on ${store}`);
    const { url: origin, headers } = server;
    const ours = await runLoad({ ...load, origin, headers, warmUpMs, measureMs });
    return { store, ours, memory: await memoryOf(server.pid) };
  };
  const results = await onEachStore(bench, 'single', measure);
  tell('baseline: bare Node HTTP server');
  const bare = await measureBare(load, baselineMs);
  const tables = await bench.tables();
  return {
    title: 'Single events',
    meaning: [
      'One event per HTTP request from 64 kept-alive clients. An answer means that the entry is validated, redacted, committed to, chained, in the tree, fsynced and under a signed checkpoint.',
      'The bare Node HTTP server takes the same requests from the same clients, parses the JSON, and answers 201: the floor that HTTP itself sets. The tables hold the same events with seven indexes and are written one row per transaction with fsync, without HTTP and without hashing: SQLite from one process, PostgreSQL (its default settings) from 32 connections, once of pgbench and once of a program in Node with a prepared statement, as an application would write it. pgbench is C and takes next to nothing of the cores for itself. It uses the extended protocol, in which the values of each row are sent and parsed; statements prepared once with the values fixed in them are faster, because nothing is sent, and the simple protocol is slower.',
    ],
    rows: [
      ...results.map((result) => rowOf(result, bare, tables)),
      row({ name: 'Baseline: bare Node HTTP server, 64 clients', ...figures(bare) }),
      ...tableRows(tables),
    ],
    notes: results.map(noteOf),
  };
}
