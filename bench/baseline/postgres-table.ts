import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { createEvents } from '../events.ts';
import { Samples } from '../samples.ts';
import { COLUMNS, rowOf, tableStatements } from './audit-table.ts';
import { insertByDriver } from './postgres-driver.ts';
import { findPrograms, startPostgres, usePostgres, type Postgres } from './postgres-server.ts';
import type { TableResult } from './sqlite-table.ts';

/** The baseline of the design: one row per transaction by 32 connections, driven by pgbench and from Node. */

const run = promisify(execFile);
const CONNECTIONS = 32;
const SCRIPTS = 100;
const TABLE = 'affidavit_bench';

export interface PostgresResult extends TableResult {
  readonly version: string;
  /** The same table, written by a program in Node. */
  readonly byDriver: TableResult;
}

/** Null where there is no PostgreSQL to be had. */
export async function measurePostgresTable(
  databaseUrl: string | undefined,
  warmUpMs: number,
  measureMs: number,
): Promise<PostgresResult | null> {
  const programs = await findPrograms();
  if (programs === null) return null;
  const postgres = await (databaseUrl
    ? usePostgres(programs, databaseUrl)
    : startPostgres(programs));
  const folder = await mkdtemp(join(tmpdir(), 'affidavit-bench-pgbench-'));
  try {
    return await insertFor(postgres, folder, warmUpMs, measureMs);
  } finally {
    await sql(postgres, [`DROP TABLE IF EXISTS ${TABLE}`]);
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sql({ programs, database }: Postgres, statements: readonly string[]): Promise<void> {
  const commands = statements.flatMap((statement) => ['-c', statement]);
  await run(join(programs, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', ...commands, database]);
}

async function insertFor(
  postgres: Postgres,
  folder: string,
  warmUpMs: number,
  measureMs: number,
): Promise<PostgresResult> {
  await makeTable(postgres);
  const scripts = await writeScripts(folder);
  await pgbench(postgres, scripts, folder, warmUpMs, 'warm-up');
  const printed = await pgbench(postgres, scripts, folder, measureMs, 'measured');
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(printed)?.[1]);
  const latencies = await readLatencies(folder);
  await makeTable(postgres);
  const { client, version } = postgres;
  const byDriver = await insertByDriver(client, TABLE, CONNECTIONS, warmUpMs, measureMs);
  return { perSecond, latencies, version, byDriver };
}

async function makeTable(postgres: Postgres): Promise<void> {
  const id = 'id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  await sql(postgres, [`DROP TABLE IF EXISTS ${TABLE}`, ...tableStatements(TABLE, id)]);
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** One row a script; runs are drawn anew so that their index grows as it does in use. */
async function writeScripts(folder: string): Promise<string[]> {
  const next = createEvents(7);
  const names = Array.from({ length: SCRIPTS }, (_, n) => join(folder, `row-${n}.sql`));
  for (const name of names) {
    const values = rowOf(next()).map((value, i) => {
      if (COLUMNS[i] === 'run_id') return "'run_' || :run";
      return value === null ? 'NULL' : literal(value).replaceAll(':', "' || chr(58) || '");
    });
    const columns = ['created_at', ...COLUMNS].join(', ');
    const now = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
    const insert = `INSERT INTO ${TABLE} (${columns}) VALUES (${now}, ${values.join(', ')});`;
    await writeFile(name, `\\set run random(1, 1000000)\n${insert}\n`);
  }
  return names;
}

async function pgbench(
  { programs, database }: Postgres,
  scripts: readonly string[],
  folder: string,
  milliseconds: number,
  name: string,
): Promise<string> {
  const seconds = String(Math.max(1, Math.round(milliseconds / 1000)));
  const { stdout } = await run(
    join(programs, 'pgbench'),
    [
      '--no-vacuum',
      '--protocol=extended',
      `--client=${CONNECTIONS}`,
      `--time=${seconds}`,
      '--log',
      `--log-prefix=${join(folder, name)}`,
      ...scripts.flatMap((script) => ['-f', script]),
      database,
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  return stdout;
}

/** pgbench writes a line per transaction; the third field is its time in µs. */
async function readLatencies(folder: string): Promise<Samples> {
  const latencies = new Samples();
  const names = (await readdir(folder)).filter((name) => name.startsWith('measured'));
  for (const name of names) {
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      latencies.add(Number(line.split(' ', 3)[2]) / 1000);
    }
  }
  return latencies;
}
