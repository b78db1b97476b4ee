/** One request and its response on one connection: no redirects, no retries. */
import type { Agent, Dispatcher } from 'undici';
import type { Gate } from './connections.ts';
import { faultOf, faults } from './failure.ts';
import type { Fault } from './failure.ts';
import { receivedHeaders } from './transfer-headers.ts';
import type { RequestHeaders, ResponseHeaders } from './transfer-headers.ts';

export interface ExchangeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: RequestHeaders;
  readonly body: Uint8Array | string | undefined;
  readonly maxResponseBytes: number;
}

export type ExchangeResult =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: ResponseHeaders;
      /** Of a redirect only what came before we stopped reading. */
      readonly body: Uint8Array;
    }
  | {
      readonly ok: false;
      readonly fault: Fault;
      /** False when not one byte of the request can have reached the provider. */
      readonly sent: boolean;
    };

/** A redirect is followed, not shown: its body is read only to keep the connection. */
const REDIRECT_BODY_LIMIT = 64 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A redirect that says where to. */
export function isRedirect(status: number, headers: ResponseHeaders): boolean {
  return REDIRECTS.has(status) && typeof headers['location'] === 'string';
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first === undefined) return new Uint8Array(0);
  return chunks.length === 1 ? first : Buffer.concat(chunks, size);
}

/** Collects one response from undici and settles once, whatever happens. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #settle: (result: ExchangeResult) => void;
  readonly #release: () => void;
  #controller: Dispatcher.DispatchController | null = null;
  #stopped: Fault | null = null;
  #sent = false;
  #settled = false;
  #status = 0;
  #headers: ResponseHeaders = {};
  #limit = 0;
  #size = 0;
  readonly #chunks: Uint8Array[] = [];

  constructor(
    request: ExchangeRequest,
    settle: (result: ExchangeResult) => void,
    release: () => void,
  ) {
    this.#request = request;
    this.#settle = settle;
    this.#release = release;
  }

  /** Ends the exchange from outside (deadline, cancellation); undici follows when it can. */
  stop(fault: Fault): void {
    this.#stopped ??= fault;
    this.#finish({ ok: false, fault, sent: this.#sent });
    this.#controller?.abort(new Error(fault.message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#stopped !== null) {
      controller.abort(new Error(this.#stopped.message));
      return;
    }
    this.#controller = controller;
    this.#sent = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = receivedHeaders(headers);
    const { method, maxResponseBytes } = this.#request;
    const redirect = isRedirect(status, this.#headers);
    this.#limit = redirect ? Math.min(REDIRECT_BODY_LIMIT, maxResponseBytes) : maxResponseBytes;
    const announced = Number(headers['content-length'] ?? 0);
    if (method !== 'HEAD' && status !== 304 && announced > this.#limit) this.#overflow(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#settled) return;
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.#overflow(controller);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#release();
    this.#finish({ ok: false, fault: faultOf(error), sent: this.#sent });
  }

  #overflow(controller: Dispatcher.DispatchController): void {
    const fault = faults.tooLarge(this.#limit);
    if (isRedirect(this.#status, this.#headers)) this.#answer();
    else this.#finish({ ok: false, fault, sent: true });
    controller.abort(new Error(fault.message));
  }

  #answer(): void {
    const body = joined(this.#chunks, this.#size);
    this.#finish({ ok: true, status: this.#status, headers: this.#headers, body });
  }

  #finish(result: ExchangeResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle(result);
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

function dispatch(
  agent: Agent,
  gate: Gate,
  request: ExchangeRequest,
  signal: AbortSignal,
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    const onAbort = (): void => collector.stop(signal.reason as Fault);
    const settle = (result: ExchangeResult): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const collector = new Collector(request, settle, once(gate.leave));
    signal.addEventListener('abort', onAbort, { once: true });
    const { method, url, headers, body } = request;
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers,
        body: body ?? null,
      },
      collector,
    );
  });
}

/**
 * Sends one request and reads its whole response. Never rejects. `signal` aborts with a
 * {@link Fault} as its reason. A place behind the gate is held until undici has let go of the
 * request, which after an abort may be later than the result.
 */
export async function exchange(
  agent: Agent,
  gate: Gate,
  request: ExchangeRequest,
  signal: AbortSignal,
): Promise<ExchangeResult> {
  const stopped = (): ExchangeResult => ({
    ok: false,
    fault: signal.reason as Fault,
    sent: false,
  });
  if (signal.aborted) return stopped();
  try {
    const entered = gate.enter(signal);
    const admitted = typeof entered === 'boolean' ? entered : await entered;
    if (!admitted) return { ok: false, fault: faults.crowded, sent: false };
  } catch {
    return stopped();
  }
  if (signal.aborted) {
    gate.leave();
    return stopped();
  }
  return dispatch(agent, gate, request, signal);
}
