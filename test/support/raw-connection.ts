import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import type { Affidavit } from './server.ts';

/** For tests: a connection on which bytes are sent as they are. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that came so far, as latin1. */
  heard(): string;
  /** Resolves when the server has ended it. */
  readonly closed: Promise<unknown>;
}

export async function openConnection(server: Affidavit): Promise<RawConnection> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'connect'), closed]);
  return { socket, heard: () => heard, closed };
}

/** The head of a request; `headers` are lines. */
export function head(server: Affidavit, request: string, headers: readonly string[] = []): string {
  const lines = [
    `${request} HTTP/1.1`,
    `Host: ${new URL(server.url).host}`,
    `Authorization: Bearer ${server.adminKey}`,
    'Content-Type: application/json',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The status codes of the answers that came, in order. */
export function statuses(connection: RawConnection): number[] {
  return [...connection.heard().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
}
