import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A process with a bare Node HTTP server: `POST /events` parses JSON and answers 201, as the floor
 * under any service that takes an event; `GET /messages/…` answers at once and `GET /slow/…` after
 * 50 ms, as a provider does.
 */

const SLOW_MS = 50;
const MESSAGE = JSON.stringify({
  id: 'msg_901',
  subject: 'Your offer of Tuesday',
  from: 'legal@example.net',
  labels: ['inbox', 'unread'],
  preview: 'Please find the changed clauses in the attachment; the rest is as agreed. '.repeat(6),
});

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function takeEvent(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const event = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { run_id: string };
    answer(response, 201, JSON.stringify({ run_id: event.run_id }));
  });
}

const server = createServer((request, response) => {
  if (request.method === 'POST') return takeEvent(request, response);
  request.resume();
  if (!request.url?.startsWith('/slow/')) return answer(response, 200, MESSAGE);
  setTimeout(() => answer(response, 200, MESSAGE), SLOW_MS);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on http://127.0.0.1:${port}`);
});
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
