import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { buildServer } from '../packages/server/build.ts';
import { cpuTicks, startChild } from './child.ts';

/** A real server in a process of its own, every commit fsynced: SQLite in a new folder, or PostgreSQL. */

export interface Affidavit {
  readonly url: string;
  readonly pid: number;
  /** Headers with a key that may write and read events and call providers. */
  readonly headers: Readonly<Record<string, string>>;
  /** A call of the admin API; returns the answer's body. */
  readonly admin: (path: string, body: object) => Promise<Record<string, string>>;
  /** Deletes by the admin API. */
  readonly remove: (path: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const ADMIN_KEY = 'bench-admin-key';
/** Servers on one database share it. */
const MASTER_KEY = randomBytes(32).toString('base64');
const SCOPES = ['events:write', 'events:read', 'calls:execute'];

/** Settings of the person's own server that this one must not take over. */
const ownEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('AFFIDAVIT_')),
  );

/** The flags of Node with which `npm start` starts it. */
async function startFlags(): Promise<string[]> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { scripts } = JSON.parse(text) as { scripts: { start: string } };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

function profileFlags(profile: string | null, measurement: string): string[] {
  return profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profile, measurement)}`];
}

async function postJson(url: string, key: string, body: object): Promise<Record<string, string>> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, string>;
}

async function deleteAt(url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(url, { method: 'DELETE', headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
}

/** `measurement` names the folder of its profiles; `databaseUrl` a PostgreSQL instead of SQLite. */
export async function startAffidavit(
  profile: string | null,
  measurement: string,
  databaseUrl?: string,
): Promise<Affidavit> {
  await buildServer();
  const folder = await mkdtemp(join(tmpdir(), 'affidavit-bench-'));
  const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
  const child = await startChild({
    command: process.execPath,
    argv: [
      ...(await startFlags()),
      ...profileFlags(profile, measurement),
      main,
      '--port=0',
      `--data=${folder}`,
    ],
    env: {
      ...ownEnvironment(),
      AFFIDAVIT_ADMIN_KEY: ADMIN_KEY,
      AFFIDAVIT_MASTER_KEY: MASTER_KEY,
      AFFIDAVIT_EGRESS_ALLOW: '127.0.0.0/8',
      ...(databaseUrl === undefined ? {} : { AFFIDAVIT_DATABASE_URL: databaseUrl }),
    },
    ready: /listening on (http:\S+)/,
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const url = child.said;
  const admin = (path: string, body: object) => postJson(url + path, ADMIN_KEY, body);
  try {
    const { key } = await admin('/v1/keys', { name: 'bench', scopes: SCOPES });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const remove = (path: string) => deleteAt(url + path, ADMIN_KEY);
    return { url, pid: child.pid, headers, admin, remove, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const QUIET_TICKS = 10;
const QUIET_POLLS_MAX = 300;

/** Waits until the server has little left to do: indexes are made behind the ledger. */
export async function untilQuiet({ pid }: Affidavit): Promise<void> {
  let before = await cpuTicks(pid);
  for (let polls = 0; polls < QUIET_POLLS_MAX; polls++) {
    await delay(1000);
    const now = await cpuTicks(pid);
    if (now === null || before === null || now - before < QUIET_TICKS) return;
    before = now;
  }
}
