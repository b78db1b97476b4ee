import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Answer, Witness } from './witness.ts';

/** The witness over HTTP. Anyone may write what comes here; everything is bounded. */

/** 63 hashes, and a checkpoint with many signatures. */
const BODY_BYTES_MAX = 64 * 1024;
const CONNECTIONS_MAX = 512;
const HEADERS_MS = 10_000;
const REQUEST_MS = 15_000;
const KEEP_ALIVE_MS = 60_000;

const TEXT = 'text/plain; charset=utf-8';
const say = (status: number, message: string): Answer => ({
  status,
  type: TEXT,
  body: `${message}\n`,
});

/** `onError` hears of what is not the client's fault: the answer is 500, and nothing was cosigned. */
export function createWitnessServer(witness: Witness, onError: (error: unknown) => void): Server {
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      answer(witness, request)
        .catch((error: unknown) => {
          onError(error);
          return say(500, 'the witness could not do this');
        })
        .then((given) => send(request, response, given))
        .catch(onError);
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer) {
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  // What was not read to its end cannot be followed by another request.
  if (!request.complete) headers['connection'] = 'close';
  if (status === 405) headers['allow'] = request.url === ADD ? 'POST' : 'GET, HEAD';
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

const ADD = '/add-checkpoint';
const NEWEST = /^\/([0-9a-f]{64})\/checkpoint$/;

async function answer(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const { method, url = '' } = request;
  if (url === ADD) {
    if (method !== 'POST') return say(405, 'send the request with POST');
    const body = await readBody(request);
    return typeof body === 'string' ? witness.addCheckpoint(body) : body;
  }
  const [, digest] = NEWEST.exec(url) ?? [];
  if (digest === undefined) return say(404, 'there is nothing here');
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'this can only be read');
  return showNewest(witness, digest);
}

/** The checkpoint that was cosigned last, by the SHA-256 of the origin: for who monitors the log. */
function showNewest(witness: Witness, digest: string): Answer {
  const origin = witness.origins.find(
    (one) => createHash('sha256').update(one).digest('hex') === digest,
  );
  const checkpoint = origin === undefined ? null : witness.newest(origin);
  if (checkpoint === null) return say(404, 'this witness has cosigned nothing of the log');
  return { status: 200, type: TEXT, body: checkpoint };
}

/** The body as text, or the answer to one that is too long or no UTF-8. */
async function readBody(request: IncomingMessage): Promise<string | Answer> {
  const tooLong = say(413, `a request has ${BODY_BYTES_MAX} bytes at most`);
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return tooLong;
    chunks.push(chunk);
  }
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.concat(chunks));
  } catch {
    return say(400, 'the request is not UTF-8');
  }
}
