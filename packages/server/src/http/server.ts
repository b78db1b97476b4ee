import { AffidavitError, newId } from '@affidavit/schema';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { parseStrictJson } from '../ingest/strict-json.ts';
import type { Services } from '../services.ts';
import { admit, isNobody, type Admitted } from './admit.ts';
import { answerClientError } from './client-error.ts';
import { once, readIdempotencyKey, type Stored } from './idempotency.ts';
import { openApi } from './openapi.ts';
import { sendProblem } from './problem.ts';
import { readAppName, readBody, readQuery, resolveApp } from './read-request.ts';
import { JsonText, type Context, type Route } from './route.ts';
import { readTrace, type Trace } from './trace.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;

/** A body before it is parsed: parsing is strict, and only after the key is known. */
type RawBody = Buffer | undefined;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, from before the body was read. */
    admitted: Admitted | null;
  }
}

export function createHttpServer(services: Services, routes: readonly Route[]): FastifyInstance {
  const server = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    // One proxy: what it appended to X-Forwarded-For. All before that the client may have written.
    trustProxy: services.config.trust_proxy && ((_address, hop) => hop === 0),
    genReqId: () => newId('event').replace('evt_', 'req_'),
    requestTimeout: HEADERS_TIMEOUT_MS * 4,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: 300 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) =>
      void sendProblem(reply, error, request.id, services.journal),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  );
  server.setErrorHandler((error, request, reply) =>
    sendProblem(reply, error, request.id, services.journal),
  );
  server.setNotFoundHandler((request, reply) => {
    const error = new AffidavitError(
      'not_found',
      `there is no ${request.method} ${pathOf(request)}`,
    );
    return sendProblem(reply, error, request.id, services.journal);
  });
  server.decorateRequest('admitted', null);
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
      exposeHeadRoute: route.method === 'GET' && !route.streams,
      onRequest: (request, _, done) => letIn(services, route, request, done),
      handler: (request, reply) => handle(services, route, request, reply),
    });
  }
  return server;
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
  const key = context.idempotencyKey;
  if (key !== null && !route.ownIdempotency) {
    const { stored, replayed } = await once(context, route, pathOf(request));
    if (replayed) reply.header('idempotent-replayed', 'true');
    return sendStored(reply, stored, request.id);
  }
  const result = await route.handler(context);
  if (reply.sent || reply.raw.headersSent || result === undefined) return reply;
  reply.code(route.status ?? 200);
  if (route.produces) return reply.type(route.produces).send(result);
  const text = result instanceof JsonText ? result.text : JSON.stringify(result);
  return reply.type('application/json').send(text);
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
    userAgent: headers['user-agent']?.slice(0, 1024),
    // Read where they are asked for: most requests are about something else.
    get sourceIp() {
      return request.ip.replace(/^::ffff:(?=\d+\.)/i, '');
    },
    get trace() {
      return readOnce().fields;
    },
    get traceparent() {
      return readOnce().traceparent;
    },
  };
}
