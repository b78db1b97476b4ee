/** Processes that write to one database, and what they were told. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { checkLog, type CheckedEntry } from '../../../sequence/log.fixture.ts';
import { openPostgresReader } from '../reader.ts';
import { PostgresStore } from '../store.ts';
import { makeLogs } from './logs.ts';
import type { TestServer } from './server.ts';
import type { Told } from './writer-process.ts';

const WAIT_TRIES = 1000;
const WAIT_PAUSE_MS = 20;

export interface WriterProcess {
  readonly child: ChildProcess;
  readonly told: Told[];
  /** Batches that were acknowledged so far. */
  acknowledged(): number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export function startWriter(url: string, name: string, apps = 1): WriterProcess {
  const told: Told[] = [];
  const child = fork(new URL('./writer-process.ts', import.meta.url), [url, name, String(apps)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  child.on('message', (message) => told.push(message as Told));
  const ended = once(child, 'exit');
  const end = async (act: () => void) => {
    if (child.exitCode === null && child.signalCode === null) act();
    await ended;
  };
  return {
    child,
    told,
    acknowledged: () => told.filter((one) => one.places).length,
    stop: () => end(() => child.send('stop')),
    kill: () => end(() => child.kill('SIGKILL')),
  };
}

export async function waitUntil(what: string, until: () => boolean | Promise<boolean>) {
  for (let tries = 0; !(await until()); tries++) {
    assert.ok(tries < WAIT_TRIES, `waited in vain: ${what}`);
    await sleep(WAIT_PAUSE_MS);
  }
}

/** A database with logs of its own for the length of a test. */
export async function withLogs(
  server: TestServer,
  apps: number,
  test: (url: string, verifierKeys: ReadonlyMap<number, string>) => Promise<void>,
): Promise<void> {
  const url = await server.newDatabase();
  try {
    const store = new PostgresStore({ url });
    const verifierKeys = await makeLogs(store, apps);
    await store.close();
    await test(url, verifierKeys);
  } finally {
    await server.dropDatabase(url);
  }
}

/**
 * Reads every log and checks all of it; then that what was acknowledged is where it was said to
 * be, once, and that nothing is there which was said not to be.
 */
export async function checkAll(
  url: string,
  verifierKeys: ReadonlyMap<number, string>,
  writers: readonly WriterProcess[],
): Promise<Map<number, CheckedEntry[]>> {
  const db = openPostgresReader(url);
  const logs = new Map<number, CheckedEntry[]>();
  try {
    for (const app of verifierKeys.keys()) logs.set(app, await checkLog({ db, verifierKeys }, app));
  } finally {
    await db.destroy();
  }
  for (const { app, places, sent, failure } of writers.flatMap((writer) => writer.told)) {
    const entries = new Map(logs.get(app)?.map(({ event_id, seq }) => [event_id, seq]));
    if (places) for (const id of sent) assert.equal(entries.get(id), places[id], id);
    if (failure?.committed === 'no') {
      assert.deepEqual(
        sent.filter((id) => entries.has(id)),
        [],
        'written, though it was said not to be',
      );
    }
  }
  for (const entries of logs.values()) {
    assert.equal(new Set(entries.map((entry) => entry.event_id)).size, entries.length);
  }
  return logs;
}
