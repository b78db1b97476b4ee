import { backoffMs, deadlineIn, sleep } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { AffidavitApiError, ConnectionError, errorFromAnswer, unexpectedAnswer } from './errors.ts';
import { activeTraceparent } from './traceparent.ts';

/** One HTTP exchange with Affidavit: deadline, safe retries, bounded answers, typed errors. */

export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export type QueryValue = string | number | boolean | Date | null | undefined;
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

export interface CallOptions {
  readonly query?: Query | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly idempotencyKey?: string | undefined;
  /** W3C `traceparent`; wins over the active OpenTelemetry span. */
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call with all its retries and waits, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Whether repeating it changes nothing; defaults to true for GET alone. */
  readonly safeToRepeat?: boolean | undefined;
}

export interface TransportOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMs?: number | undefined;
  readonly fetch?: FetchFunction | undefined;
  /** For jitter; in [0, 1). */
  readonly random?: (() => number) | undefined;
}

export const RETRIES = { attempts: 4, baseMs: 100, capMs: 2000 } as const;
export const DEFAULT_TIMEOUT_MS = 30_000;
/** No JSON answer of Affidavit is larger: a full page of 1000 entries stays far below. */
export const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_PROBLEM_BYTES = 256 * 1024;
const RETRY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503]);

/** `?a=1&b=2`, dates as ISO 8601, lists as repeated parameters, absent values left out. */
export function queryString(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, given] of Object.entries(query ?? {})) {
    for (const value of Array.isArray(given) ? (given as QueryValue[]) : [given as QueryValue]) {
      if (value === undefined || value === null) continue;
      parameters.append(name, value instanceof Date ? value.toISOString() : String(value));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** The body as text, refused once it passes `limit` bytes. */
async function readBounded(answer: Response, limit: number): Promise<string> {
  if (!answer.body) return '';
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw unexpectedAnswer(answer.status, `its body is larger than ${limit} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Whether the same request may fare better later. */
function mayPass({ code, status, field }: AffidavitApiError): boolean {
  // The first attempt was cut off on our side and is still at work on the other.
  const stillRunning = code === 'conflict' && field === 'Idempotency-Key';
  return code === 'connection_failed' || stillRunning || RETRY_STATUSES.has(status);
}

export class Transport {
  readonly #base: string;
  readonly #key: string;
  readonly #timeoutMs: number;
  readonly #fetch: FetchFunction;
  readonly #random: () => number;

  constructor(options: TransportOptions) {
    this.#base = options.url.replace(/\/+$/, '');
    this.#key = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#random = options.random ?? Math.random;
  }

  /** Sends and parses the JSON answer; undefined for an empty one. */
  async json(method: string, path: string, options: CallOptions = {}): Promise<unknown> {
    const deadline = deadlineIn(options.timeoutMs ?? this.#timeoutMs, options.signal);
    return this.#retrying(method, options, deadline, async () => {
      const answer = await this.#send(method, path, options, deadline.signal);
      const text = await readBounded(answer, MAX_ANSWER_BYTES);
      if (text === '') return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw unexpectedAnswer(answer.status, 'its body is not JSON');
      }
    });
  }

  /**
   * Opens an answer whose body the caller reads at its own pace (an export, an event stream). The
   * deadline covers only the time until the headers are here; `signal` covers the body too.
   */
  async open(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const caller = options.signal;
    const deadline = deadlineIn(options.timeoutMs ?? this.#timeoutMs, caller);
    return this.#retrying(method, options, deadline, async () => {
      const body = new AbortController();
      const stop = () => body.abort(deadline.signal.reason);
      deadline.signal.addEventListener('abort', stop, { once: true });
      try {
        return await this.#send(method, path, options, body.signal);
      } finally {
        deadline.signal.removeEventListener('abort', stop);
        caller?.addEventListener('abort', () => body.abort(caller.reason), { once: true });
      }
    });
  }

  async #send(
    method: string,
    path: string,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = `${this.#base}${path}${queryString(options.query)}`;
    const headers = await this.#headers(options);
    const init: RequestInit = { method, headers, signal, redirect: 'manual' };
    if (options.body !== undefined) init.body = JSON.stringify(options.body);
    const answer = await this.#fetch(url, init);
    if (answer.ok) return answer;
    throw errorFromAnswer(answer, await readBounded(answer, MAX_PROBLEM_BYTES));
  }

  async #headers(options: CallOptions): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...options.headers,
      authorization: `Bearer ${this.#key}`,
    };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
    const traceparent = options.traceparent ?? (await activeTraceparent());
    if (traceparent) headers['traceparent'] = traceparent;
    return headers;
  }

  async #retrying<T>(
    method: string,
    options: CallOptions,
    deadline: Deadline,
    attempt: () => Promise<T>,
  ): Promise<T> {
    const attempts = (options.safeToRepeat ?? method === 'GET') ? RETRIES.attempts : 1;
    for (let made = 1; ; made += 1) {
      try {
        return await attempt();
      } catch (error) {
        options.signal?.throwIfAborted();
        const failure = this.#asFailure(error, deadline);
        const wait = this.#waitMs(failure, made - 1);
        if (made >= attempts || wait === null || wait >= deadline.remaining()) throw failure;
        await sleep(wait, options.signal);
      }
    }
  }

  /** How long to wait before the next attempt, or null when another makes no sense. */
  #waitMs(failure: AffidavitApiError, attempt: number): number | null {
    if (!mayPass(failure)) return null;
    const jitter = backoffMs(attempt, RETRIES.baseMs, RETRIES.capMs, this.#random);
    return (failure.retryAfterSeconds ?? 0) * 1000 + jitter;
  }

  #asFailure(error: unknown, deadline: Deadline): AffidavitApiError {
    if (error instanceof AffidavitApiError) return error;
    if (deadline.passed()) {
      return new ConnectionError('deadline_exceeded', `${this.#base} did not answer in time`, {
        advice: 'If it was a write, ask the trail whether it happened before sending it again.',
        cause: error,
      });
    }
    return new ConnectionError('connection_failed', `${this.#base} could not be reached`, {
      advice: 'Check that Affidavit runs at this url; a write may or may not have happened.',
      cause: error,
    });
  }
}
