import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';

import { AffidavitError, toProblem } from '@affidavit/schema';

import type { Services } from '../services.ts';
import { Connections } from './connections.ts';
import { LoadGate, type Excess } from './load-gate.ts';
import type { Route } from './route.ts';
import { Turn } from './turn.ts';

const HEADERS_DEADLINE_MS = 15_000;
const IDLE_MS = 72_000;
/** How often within its deadline it is looked whether a request is too slow. */
const CHECKS = 10;
const RETRY_AFTER_SECONDS = '1';

const REFUSALS: Readonly<Record<Excess, string>> = {
  connections: refusal('too many connections are open'),
  requests: refusal('more requests come than can be answered'),
  entries: refusal('too many entries are waiting to be written'),
};

function refusal(message: string): string {
  return JSON.stringify(toProblem(new AffidavitError('overloaded', message)));
}

/**
 * The HTTP server below Fastify: its deadlines and bounds, and the refusal of what could not be
 * answered in time. That has to be cheap: what refusals cost is missing for the work that is done.
 */
export function createListener(
  { config, sequencer, metrics }: Services,
  routes: readonly Route[],
  handler: RequestListener,
): Server {
  const deadline = config.request_deadline_ms;
  const server = createServer({
    headersTimeout: Math.min(HEADERS_DEADLINE_MS, deadline),
    requestTimeout: deadline,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: deadline / CHECKS,
  });
  const connections = new Connections(server, config.connections_max);
  const gate = new LoadGate(routes, { turn: new Turn(), connections, sequencer });
  server.on('request', (request, response) => {
    const excess = gate.excess(request.method as string, request.url as string);
    if (excess === null) return handler(request, response);
    metrics.refusals.inc({ reason: excess });
    refuse(response, excess);
  });
  return server;
}

function refuse(response: ServerResponse, excess: Excess): void {
  const body = REFUSALS[excess];
  response.writeHead(503, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'cache-control': 'no-store',
    'retry-after': RETRY_AFTER_SECONDS,
    ...(excess === 'connections' ? { connection: 'close' } : {}),
  });
  response.end(body, 'latin1');
}
