/**
 * How the broker calls a provider: guarded, bounded, with the credential only where it belongs.
 * What a provider answers, redirects included, is under an attacker's control.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from 'undici';
import { AffidavitError } from '@affidavit/schema';
import { createGate, openAgent } from './connections.ts';
import type { Gate } from './connections.ts';
import type { CallOptions, Egress, EgressSettings, ProviderRequest } from './contract.ts';
import type { ProviderResult, Redirect } from './contract.ts';
import { openDeadline } from './deadline.ts';
import { decodeBody } from './decompress.ts';
import { exchange, isRedirect } from './exchange.ts';
import type { ExchangeResult } from './exchange.ts';
import { faultOf, faults } from './failure.ts';
import type { Fault } from './failure.ts';
import { followingHop, redirectRefusal, redirectTarget, withoutAttached } from './redirect.ts';
import type { Hop } from './redirect.ts';
import { prepareRequestHeaders, sealRequestHeaders } from './transfer-headers.ts';
import type { RequestHeaders, ResponseHeaders } from './transfer-headers.ts';

export { isBelow } from './scope.ts';
export { prepareRequestHeaders } from './transfer-headers.ts';
export type * from './contract.ts';
export type { FailureReason } from './failure.ts';

const MAX_REDIRECTS = 5;
const MAX_RETRIES = 2;
const BACKOFF_BASE_MS = 100;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;
/** CONNECT opens tunnels; TRACE sends credentials back. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

type Engine = Required<Omit<EgressSettings, 'ca' | 'keepAliveMs'>> & {
  readonly agent: Agent;
  readonly gate: Gate;
};

interface Call {
  readonly request: ProviderRequest;
  readonly signal: AbortSignal;
  readonly maxResponseBytes: number;
  readonly followsRedirects: boolean;
  readonly redirects: Redirect[];
  retries: number;
  sent: boolean;
}

/** The method in capitals. Throws `invalid_request` for one that may not be used. */
export function preparedMethod(method: string): string {
  const upper = method.toUpperCase();
  if (METHOD.test(method) && !REFUSED_METHODS.has(upper)) return upper;
  throw new AffidavitError('invalid_request', 'the method may not be used', {
    field: 'method',
    expected: 'an HTTP method such as GET or POST',
  });
}

function firstHop(engine: Engine, request: ProviderRequest): Hop {
  engine.guard.checkUrl(request.url);
  return {
    method: preparedMethod(request.method),
    url: new URL(request.url),
    headers: prepareRequestHeaders(request.headers),
    body: request.body,
    trusted: request.withinScope(request.url, request.method),
  };
}

interface Dressed {
  readonly url: URL;
  readonly headers: RequestHeaders;
  /** Values the credential put into the query. */
  readonly attached: ReadonlySet<string>;
}

function newQueryValues(before: URL, after: URL): ReadonlySet<string> {
  if (before.search === after.search) return new Set();
  const old = new Set(before.searchParams.values());
  return new Set([...after.searchParams.values()].filter((value) => !old.has(value)));
}

/** The request as it goes out: with the credential if, and only if, the hop is trusted. */
function dress(request: ProviderRequest, hop: Hop): Dressed {
  if (!hop.trusted) {
    return { url: hop.url, headers: sealRequestHeaders(hop.headers), attached: new Set() };
  }
  const target = { url: new URL(hop.url), headers: { ...hop.headers } };
  request.credential.attach(target);
  if (target.url.origin !== hop.url.origin || target.url.pathname !== hop.url.pathname) {
    throw new AffidavitError('internal', 'a credential may only change headers and query');
  }
  const attached = newQueryValues(hop.url, target.url);
  return { url: target.url, headers: sealRequestHeaders(target.headers), attached };
}

/** Full jitter over a base that doubles. False when the call ended meanwhile. */
async function backOff(engine: Engine, call: Call): Promise<boolean> {
  const ceiling = BACKOFF_BASE_MS * 2 ** call.retries;
  try {
    await engine.sleep(engine.random() * ceiling, call.signal);
  } catch {
    return false;
  }
  return !call.signal.aborted;
}

/** One hop with its retries: only where a second sending can do no harm. */
async function sendHop(
  engine: Engine,
  call: Call,
  hop: Hop,
  dressed: Dressed,
): Promise<ExchangeResult> {
  const { url, headers } = dressed;
  const { maxResponseBytes } = call;
  const outgoing = { method: hop.method, url, headers, body: hop.body, maxResponseBytes };
  for (;;) {
    const result = await exchange(engine.agent, engine.gate, outgoing, call.signal);
    call.sent ||= result.ok || result.sent;
    if (result.ok || !result.fault.transient || call.retries >= MAX_RETRIES) return result;
    if (result.sent && !SAFE_METHODS.has(hop.method)) return result;
    if (!(await backOff(engine, call))) return { ...result, fault: call.signal.reason as Fault };
    call.retries += 1;
  }
}

type Outcome =
  | {
      readonly ok: true;
      readonly status: number;
      readonly url: URL;
      readonly body: Uint8Array;
      readonly headers: ResponseHeaders;
    }
  | { readonly ok: false; readonly fault: Fault };

async function finish(
  call: Call,
  hop: Hop,
  result: ExchangeResult & { ok: true },
): Promise<Outcome> {
  const decoded = await decodeBody(result.headers, result.body, call.maxResponseBytes);
  if (!decoded.ok) return decoded;
  return { ...decoded, status: result.status, url: hop.url };
}

/** The next hop, a reason not to go there, or null when the response is the answer. */
function nextHop(
  engine: Engine,
  call: Call,
  hop: Hop,
  dressed: Dressed,
  result: ExchangeResult & { ok: true },
): Hop | Fault | null {
  if (!call.followsRedirects || !isRedirect(result.status, result.headers)) return null;
  const target = redirectTarget(hop, result.headers);
  if (target === null) return null;
  if (call.redirects.length >= MAX_REDIRECTS) return faults.redirectLimit(MAX_REDIRECTS);
  const refusal = redirectRefusal(engine.guard, hop.url, target);
  if (refusal !== null) return refusal;
  const url = withoutAttached(target, dressed.attached);
  call.redirects.push({ status: result.status, url: url.href });
  const { request } = call;
  return followingHop(hop, result.status, url, (to, method) => request.withinScope(to, method));
}

/** Hop by hop until there is an answer or a reason to stop. `dressed` belongs to the first hop. */
async function follow(engine: Engine, call: Call, start: Hop, first: Dressed): Promise<Outcome> {
  let hop = start;
  let dressed = first;
  for (;;) {
    const result = await sendHop(engine, call, hop, dressed);
    if (!result.ok) return result;
    const next = nextHop(engine, call, hop, dressed, result);
    if (next === null) return finish(call, hop, result);
    if ('reason' in next) return { ok: false, fault: next };
    hop = next;
    try {
      dressed = dress(call.request, hop);
    } catch (error) {
      return { ok: false, fault: faultOf(error) };
    }
  }
}

function toResult(call: Call, outcome: Outcome, latency_ms: number): ProviderResult {
  const facts = { latency_ms, retry_count: call.retries, redirects: call.redirects };
  if (!outcome.ok) {
    const { reason, message } = outcome.fault;
    return { kind: 'failure', reason, message, request_sent: call.sent, ...facts };
  }
  const { status, headers, body, url } = outcome;
  return { kind: 'answer', status, headers, body, ...facts, final_url: url.href };
}

async function run(
  engine: Engine,
  request: ProviderRequest,
  options: CallOptions,
): Promise<ProviderResult> {
  const started = engine.now();
  const hop = firstHop(engine, request);
  const dressed = dress(request, hop);
  const deadline = openDeadline(options.timeoutMs ?? engine.timeoutMs, options.signal);
  const call: Call = {
    request,
    signal: deadline.signal,
    maxResponseBytes: options.maxResponseBytes ?? engine.maxResponseBytes,
    followsRedirects: options.noRedirects !== true,
    redirects: [],
    retries: 0,
    sent: false,
  };
  try {
    const outcome = await follow(engine, call, hop, dressed);
    return toResult(call, outcome, Math.round(engine.now() - started));
  } finally {
    deadline.close();
  }
}

/** Opens the broker's way out. Close it when the process ends. */
export function createEgress(settings: EgressSettings): Egress {
  const maxConnections = settings.maxConnections ?? 256;
  const maxWaiting = settings.maxWaiting ?? 1024;
  const connectTimeoutMs = settings.connectTimeoutMs ?? 5_000;
  const { guard, ca, keepAliveMs = 10_000 } = settings;
  const connections = { guard, maxConnections, connectTimeoutMs, keepAliveMs };
  const agent = openAgent(ca === undefined ? connections : { ...connections, ca });
  const engine: Engine = {
    guard,
    agent,
    gate: createGate(maxConnections, maxWaiting),
    maxConnections,
    maxWaiting,
    connectTimeoutMs,
    timeoutMs: settings.timeoutMs ?? 30_000,
    maxResponseBytes: settings.maxResponseBytes ?? 10 * 1024 * 1024,
    now: settings.now ?? (() => performance.now()),
    random: settings.random ?? (() => randomInt(2 ** 32) / 2 ** 32),
    sleep: settings.sleep ?? ((ms, signal) => delay(ms, undefined, { signal })),
  };
  return {
    callProvider: (request, options = {}) => run(engine, request, options),
    close: () => agent.destroy(),
  };
}
