import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { CommandFailure } from '../failure.ts';

/** A real Affidavit server of the demo's own, in a child process, on a folder that goes with it. */

export interface RunningServer {
  readonly url: string;
  readonly adminKey: string;
  readonly stop: () => Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 8000;
const POLL_MS = 50;
const TOLD_CHARACTERS = 4000;

/** Settings of the person's own server that the demo's must not take over. */
const OWN_SETTINGS = /^AFFIDAVIT_/;

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function mainOfServer(): string {
  const entry = import.meta.resolve('@affidavit/server');
  const name = entry.endsWith('.ts') ? './main.ts' : './main.js';
  return fileURLToPath(new URL(name, entry));
}

/** The last of what the child says, for when it does not start. */
function listenTo(child: ChildProcess): () => string {
  let told = '';
  const hear = (chunk: Buffer) => {
    told = (told + chunk.toString('utf8')).slice(-TOLD_CHARACTERS);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => told.trim();
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(1000)]);
    const answer = await fetch(`${url}/readyz`, { signal: limit });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function untilReady(
  child: ChildProcess,
  url: string,
  told: () => string,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end && !hasEnded(child)) {
    signal.throwIfAborted();
    if (await isReady(url, signal)) return;
    await delay(POLL_MS, undefined, { signal });
  }
  throw new CommandFailure(
    `the server did not start:\n${told() || '(it said nothing)'}`,
    'Try "affidavit serve --port 7411", and see what it says.',
  );
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(kill);
}

/** Starts it and waits until it can commit. Rejects with what it said when it cannot. */
export async function startServer(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'affidavit-demo-'));
  const adminKey = `adm_${randomBytes(24).toString('hex')}`;
  const port = await freePort();
  const inherited = Object.entries(env).filter(([name]) => !OWN_SETTINGS.test(name));
  const argv = ['--disable-warning=ExperimentalWarning', mainOfServer()];
  const child = spawn(process.execPath, [...argv, '--port', String(port), '--data', folder], {
    env: {
      ...Object.fromEntries(inherited),
      AFFIDAVIT_ADMIN_KEY: adminKey,
      AFFIDAVIT_EGRESS_ALLOW: '127.0.0.0/8',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await stopChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(child, url, listenTo(child), signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, adminKey, stop };
}
