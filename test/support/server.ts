import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { buildServer } from '../../packages/server/build.ts';
import { databaseOf } from './database.ts';

/** For tests: a real Affidavit server in a child process, on a free loopback port. */

await buildServer();

/** Starts the server from its bundle. */
export const MAIN = fileURLToPath(
  import.meta.resolve('@affidavit/server').replace(/index\.ts$/, 'main.ts'),
);
const FROM_SOURCE = fileURLToPath(new URL('./from-source.ts', import.meta.url));
/** Shared by all servers that tests start: they start a third faster. */
export const COMPILE_CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/compile', import.meta.url),
);
const START_MS = 30_000;
const STOP_MS = 15_000;
const ANSWER_MS = 30_000;

export interface StartOptions {
  /** Added to the variables of the child; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags after `--port` and `--data`. */
  readonly args?: readonly string[];
  /** Kept by whoever gave it; without it a new folder that goes when the test process ends. */
  readonly dataFolder?: string;
  readonly adminKey?: string;
  /** Runs it from source instead of its bundle. */
  readonly isFromSource?: boolean;
}

export interface RequestOptions {
  /** API key; the admin key unless given, null for none. */
  readonly key?: string | null | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, as application/json unless `headers` say otherwise. */
  readonly raw?: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  /** Parsed where the answer is JSON, else undefined. */
  readonly body: T;
}

export interface Affidavit {
  readonly url: string;
  readonly adminKey: string;
  readonly pid: number;
  readonly dataFolder: string;
  /** All that the process has written to stdout and stderr so far. */
  stdout(): string;
  /** Sends a signal and, where it ends the process, waits for that. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it in order; resolves with the exit code. The data folder stays until the tests end. */
  stop(): Promise<number | null>;
  request<T = Record<string, unknown>>(
    method: string,
    path: string,
    options?: RequestOptions,
  ): Promise<Answer<T>>;
}

const folders = new Set<string>();
const children = new Set<ChildProcess>();
// A server that a failing test left behind would keep its file from ever ending.
after(() => {
  for (const child of children) {
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) (pipe as Socket).unref();
  }
});
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A folder that goes when the test process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-test-'));
  folders.add(folder);
  return folder;
}

function environment(
  adminKey: string,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AFFIDAVIT_'));
  const all = Object.entries({
    ...Object.fromEntries(inherited),
    AFFIDAVIT_ADMIN_KEY: adminKey,
    AFFIDAVIT_EGRESS_ALLOW: '127.0.0.0/8',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...own,
  });
  return Object.fromEntries(
    all.filter(
      (pair): pair is [string, string] => pair[1] !== undefined && pair[0] !== 'NODE_TEST_CONTEXT',
    ),
  );
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function ended(child: ChildProcess, limitMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await once(child, 'exit');
  clearTimeout(timer);
}

/** Waits for the line that says where it listens. Rejects with what it said instead. */
async function listening(child: ChildProcess, said: () => string): Promise<string> {
  const signal = AbortSignal.timeout(START_MS);
  for (;;) {
    const url = /Affidavit is listening on (http:\S+)/.exec(said())?.[1];
    if (url !== undefined) return url;
    if (hasEnded(child)) throw new Error(`the server did not start:\n${said()}`);
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data', { signal }),
      once(child, 'exit', { signal }),
    ]);
  }
}

/** Starts a server and waits until it listens. Rejects with its output when it does not. */
export async function startAffidavit(options: StartOptions = {}): Promise<Affidavit> {
  const { env = {}, args = [], isFromSource = false } = options;
  const { adminKey = 'adm_test_0123456789abcdef' } = options;
  const dataFolder = options.dataFolder ?? temporaryFolder();
  const databaseUrl = await databaseOf(dataFolder);
  const main = isFromSource ? FROM_SOURCE : MAIN;
  const argv = ['--disable-warning=ExperimentalWarning', main, '--port', '0'];
  const child = spawn(process.execPath, [...argv, '--data', dataFolder, ...args], {
    env: environment(adminKey, { AFFIDAVIT_DATABASE_URL: databaseUrl, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  let output = '';
  const hear = (chunk: Buffer) => (output += chunk.toString('utf8'));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const url = await listening(child, () => output);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    url,
    adminKey,
    pid: child.pid as number,
    dataFolder,
    stdout: () => output,
    kill: async (signal) => {
      child.kill(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT') {
        await ended(child, STOP_MS);
        agent.destroy();
      }
    },
    stop: async () => {
      agent.destroy();
      if (!hasEnded(child)) child.kill('SIGTERM');
      await ended(child, STOP_MS);
      return child.exitCode;
    },
    request: (method, path, asked = {}) =>
      send(agent, url, method, path, {
        ...asked,
        key: asked.key === undefined ? adminKey : asked.key,
      }),
  };
}

/** One request. Rejects where the connection fails or no answer comes in time. */
function send<T>(
  agent: Agent,
  url: string,
  method: string,
  path: string,
  { key, body, raw, headers }: RequestOptions,
): Promise<Answer<T>> {
  const bytes = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const isChunked = headers?.['transfer-encoding'] === 'chunked';
  const all: OutgoingHttpHeaders = {
    ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
    ...(bytes === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(bytes) }),
    ...(typeof key === 'string' ? { authorization: `Bearer ${key}` } : {}),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest(
      { agent, hostname, port, method, path, headers: all, signal },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const received = Buffer.concat(chunks);
          const text = received.toString('utf8');
          const type = incoming.headers['content-type'] ?? '';
          const isJson = /^application\/(problem\+)?json\b/.test(type) && text !== '';
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            bytes: received,
            body: (isJson ? JSON.parse(text) : undefined) as T,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}
