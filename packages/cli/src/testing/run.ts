import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';

import { runCli } from '../program.ts';
import type { Output } from '../terminal.ts';

/** Running command lines against real HTTP servers on loopback. For tests. */

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Memory extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

export interface RunSettings {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export async function run(argv: readonly string[], settings: RunSettings = {}): Promise<Ran> {
  const stdout = new Memory();
  const stderr = new Memory();
  const code = await runCli(argv, {
    stdout: stdout satisfies Output,
    stderr: stderr satisfies Output,
    env: { AFFIDAVIT_API_KEY: 'ak_test', ...settings.env },
    signal: settings.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Site {
  readonly url: string;
  readonly asked: Asked[];
  readonly close: () => Promise<void>;
}

/** `answer` gets the requests in order, with their index from 0. */
export async function startSite(
  answer: (asked: Asked, response: ServerResponse, index: number) => void,
): Promise<Site> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', headers } = request;
      const url = new URL(request.url ?? '/', 'http://site');
      const one = { method, url, headers, text: Buffer.concat(chunks).toString('utf8') };
      answer(one, response, asked.push(one) - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
