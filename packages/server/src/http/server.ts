import type { IncomingMessage } from 'node:http';

import { AffidavitError, newId } from '@affidavit/schema';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { parseStrictJson } from '../ingest/strict-json.ts';
import type { Services } from '../services.ts';
import { admit, isNobody, originOf, type Admitted } from './admit.ts';
import { Bodies } from './bodies.ts';
import { answerClientError } from './client-error.ts';
import { FailureJournal } from './failure-journal.ts';
import { once, readIdempotencyKey, toStored, type Stored } from './idempotency.ts';
import { createListener } from './listener.ts';
import { openApi } from './openapi.ts';
import { sendProblem } from './problem.ts';
import { readAppName, readBody, readQuery, resolveApp } from './read-request.ts';
import type { Context, Route } from './route.ts';
import { PATH_PART_CHARACTERS } from './routes/pages.ts';
import { readTrace, type Trace } from './trace.ts';

/** A body before it is parsed: parsing is strict, and only after the key is known. */
type RawBody = Buffer | undefined;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, from before the body was read. */
    admitted: Admitted | null;
    /** Bytes of its body that are counted as held. */
    heldBytes: number;
  }
}

export function createHttpServer(services: Services, routes: readonly Route[]): FastifyInstance {
  const journal = new FailureJournal(services.journal);
  const server = Fastify({
    serverFactory: (handler) => createListener(services, routes, handler),
    // One proxy: what it appended to X-Forwarded-For. All before that the client may have written.
    trustProxy: services.config.trust_proxy && ((_address, hop) => hop === 0),
    genReqId: () => newId('event').replace('evt_', 'req_'),
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: PATH_PART_CHARACTERS },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendProblem(reply, error, request.id, journal),
  });
  const bodies = new Bodies();
  showFigures(services, bodies);
  readBodies(server, bodies);
  answerProblems(server, journal);
  server.decorateRequest('admitted', null);
  server.decorateRequest('heldBytes', 0);
  // Hooks call back: on the way of every request, a promise for each would cost more than they do.
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const labels = { method, route: request.routeOptions.url ?? 'unknown' };
    services.metrics.requests.observe(
      { ...labels, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
    done();
  });
  const document = JSON.stringify(openApi(routes));
  server.get('/openapi.json', (_, reply) => reply.type('application/json').send(document));
  for (const route of routes) {
    server.route({
      method: route.method,
      url: route.path,
      // What streams has no end that a HEAD could wait for.
      exposeHeadRoute: route.method === 'GET' && !route.streams && !route.callback,
      onRequest: [
        (request, _, done) => letIn(services, route, request, done),
        (request, reply, done) => done(bodies.expect(request, reply)),
      ],
      handler: (request, reply) => handle(services, route, request, reply),
    });
  }
  return server;
}

function readBodies(server: FastifyInstance, bodies: Bodies): void {
  const read = (request: FastifyRequest, body: IncomingMessage) => bodies.read(request, body);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', read);
}

function answerProblems(server: FastifyInstance, journal: FailureJournal): void {
  server.setErrorHandler((error, request, reply) => sendProblem(reply, error, request.id, journal));
  server.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${pathOf(request)}`;
    const error = new AffidavitError('not_found', message);
    return sendProblem(reply, error, request.id, journal);
  });
}

function showFigures({ metrics, sequencer, slots }: Services, bodies: Bodies): void {
  const { calls, streams, longAnswers } = slots;
  const show = metrics.show.bind(metrics);
  show('affidavit_queued_events', 'Events waiting to be written', () => sequencer.queuedEvents);
  show('affidavit_request_body_bytes', 'Bytes of bodies under way', () => bodies.held);
  show('affidavit_calls', 'Brokered calls under way', () => calls.taken);
  show('affidavit_event_streams', 'Open event streams', () => streams.taken);
  show('affidavit_long_answers', 'Exports and range proofs under way', () => longAnswers.taken);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]?.slice(0, 200) ?? '';
}

function letIn(
  services: Services,
  route: Route,
  request: FastifyRequest,
  done: (error?: Error) => void,
): void {
  const enter = (admitted: Admitted) => {
    request.admitted = admitted;
    done();
  };
  try {
    const admitted = admit(services, route, request);
    if (admitted instanceof Promise) void admitted.then(enter, done);
    else enter(admitted);
  } catch (error) {
    done(error as Error);
  }
}

async function handle(
  services: Services,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // What anyone may read, a page of anyone may read: an auditor's verifier in a browser.
  if (route.openWhenPublic && isNobody(request.admitted!.identity)) {
    reply.header('access-control-allow-origin', '*');
  }
  const context = await readContext(services, route, request, reply);
  const work = () => answer(context, route, request);
  return route.slots ? services.slots[route.slots].during(work) : work();
}

async function answer(
  context: Context,
  route: Route,
  request: FastifyRequest,
): Promise<FastifyReply> {
  const { reply } = context;
  const key = context.idempotencyKey;
  if (key !== null && !route.ownIdempotency) {
    const { stored, replayed } = await once(context, route, pathOf(request));
    if (replayed) reply.header('idempotent-replayed', 'true');
    return sendStored(reply, stored, request.id);
  }
  const result = await route.handler(context);
  if (reply.sent || reply.raw.headersSent || result === undefined) return reply;
  if (route.produces) {
    return reply
      .code(route.status ?? 200)
      .type(route.produces)
      .send(result);
  }
  const { status, text } = toStored(route, result);
  return reply.code(status).type('application/json').send(text);
}

/** An answer that was kept; a problem gets the id of this request. */
function sendStored(reply: FastifyReply, { status, text }: Stored, request_id: string) {
  reply.code(status);
  if (status < 400) return reply.type('application/json').send(text);
  const problem = { ...(JSON.parse(text) as object), request_id };
  return reply.header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

async function readContext(
  services: Services,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Context> {
  const { headers } = request;
  const { identity, app: known } = request.admitted as Admitted;
  const params = request.params as Record<string, string>;
  const query = readQuery(route, request.query);
  const bytes = (request.body as RawBody) ?? Buffer.alloc(0);
  const parsed = bytes.length === 0 ? undefined : parseStrictJson(bytes);
  const named = readAppName(params, query, parsed);
  const app = known ?? (await resolveApp(services.directory, identity, named));
  let trace: Trace | undefined;
  const readOnce = () => (trace ??= readTrace(headers.traceparent as string | undefined));
  return {
    services,
    identity,
    app,
    params,
    query,
    body: readBody(route, parsed),
    bytes,
    idempotencyKey: route.method === 'POST' ? readIdempotencyKey(headers['idempotency-key']) : null,
    reply,
    get userAgent() {
      return originOf(request).user_agent;
    },
    // Read where they are asked for: most requests are about something else.
    get sourceIp() {
      return originOf(request).source_ip;
    },
    get trace() {
      return readOnce().fields;
    },
    get traceparent() {
      return readOnce().traceparent;
    },
  };
}
