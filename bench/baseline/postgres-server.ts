import { execFile, spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { ClientConfig } from 'pg';

import { stopChild } from '../child.ts';

/** A PostgreSQL server of the bench's own, as it is installed: defaults, fsync on, a socket only. */

const run = promisify(execFile);
const INSTALLED = '/usr/lib/postgresql';
const START_POLLS_MAX = 100;

export interface Postgres {
  /** Folder of psql, pgbench and the others. */
  readonly programs: string;
  /** Connection string of libpq. */
  readonly database: string;
  /** The same for `pg`. */
  readonly client: ClientConfig;
  readonly version: string;
  readonly stop: () => Promise<void>;
}

/** The newest installed version's programs, or null. */
export async function findPrograms(): Promise<string | null> {
  const versions = await readdir(INSTALLED).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join(INSTALLED, newest, 'bin');
}

async function versionOf(programs: string, database: string): Promise<string> {
  const { stdout } = await run(join(programs, 'psql'), [database, '-Atc', 'SHOW server_version']);
  return stdout.trim().split(' ')[0] as string;
}

export async function usePostgres(programs: string, database: string): Promise<Postgres> {
  const version = await versionOf(programs, database);
  const client = { connectionString: database };
  return { programs, database, client, version, stop: async () => {} };
}

/** PostgreSQL refuses to run as root: there, the user that its package made runs it. */
async function unprivileged(): Promise<Pick<SpawnOptions, 'uid' | 'gid'>> {
  if (userInfo().uid !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

export async function startPostgres(programs: string): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'affidavit-bench-pg-'));
  const user = await unprivileged();
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const cluster = join(folder, 'cluster');
  await run(join(programs, 'initdb'), ['-D', cluster, '-A', 'trust', '-U', 'bench', '-E', 'UTF8'], {
    ...user,
    cwd: folder,
  });
  const argv = [
    '-D',
    cluster,
    '-k',
    folder,
    '-c',
    'listen_addresses=',
    '-c',
    'logging_collector=off',
  ];
  const child = spawn(join(programs, 'postgres'), argv, { ...user, cwd: folder, stdio: 'ignore' });
  const stop = async () => {
    await stopChild(child, 'SIGINT');
    await rm(folder, { recursive: true, force: true });
  };
  const database = `host=${folder} user=bench dbname=postgres`;
  const client = { host: folder, user: 'bench', database: 'postgres' };
  try {
    await untilReady(programs, database);
    const version = await versionOf(programs, database);
    return { programs, database, client, version, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(programs: string, database: string): Promise<void> {
  for (let polls = 0; polls < START_POLLS_MAX; polls++) {
    const ready = await run(join(programs, 'pg_isready'), ['-d', database]).catch(() => null);
    if (ready) return;
    await delay(100);
  }
  throw new Error('PostgreSQL was not ready in time');
}
