import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError } from '@affidavit/schema';
import type { FastifyInstance } from 'fastify';

import type { CommitFeed } from '../sequence/commit-feed.ts';

/** Longest wait for requests under way when the server is told to stop. */
const GRACE_MS = 8000;
const LOOK_MS = 20;

/**
 * The end of service in order: what is under way gets its answer, streams end, what comes new is
 * refused. Must be called before the server listens; the function it returns resolves when no
 * request is under way, or after a grace.
 */
export function drainOf(http: FastifyInstance, commits: CommitFeed): () => Promise<void> {
  const underWay = new Set<ServerResponse>();
  let closing = false;
  function ended(this: ServerResponse): void {
    underWay.delete(this);
  }
  http.addHook('onRequest', (_, reply, done) => {
    underWay.add(reply.raw);
    reply.raw.on('close', ended);
    if (!closing) return done();
    reply.header('connection', 'close');
    done(new AffidavitError('overloaded', 'the server is shutting down', { retryAfterSeconds: 1 }));
  });
  http.addHook('onSend', (_, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  return async () => {
    closing = true;
    commits.close();
    const end = performance.now() + GRACE_MS;
    while (underWay.size > 0 && performance.now() < end) await sleep(LOOK_MS);
  };
}
