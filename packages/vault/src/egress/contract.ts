/** What goes into a call to a provider and what comes out of it. */
import type { FailureReason } from './failure.ts';
import type { EgressGuard } from './guard.ts';
import type { ResponseHeaders } from './transfer-headers.ts';

export interface AttachTarget {
  /** May be changed in its query only. */
  readonly url: URL;
  /** Names are lower-case; set yours in any case. */
  readonly headers: Record<string, string>;
}

export interface ProviderRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  readonly credential: { attach(target: AttachTarget): void };
  /** Where the credential may be sent; see {@link isBelow}. */
  withinScope(url: URL, method: string): boolean;
}

export interface EgressSettings {
  readonly guard: EgressGuard;
  /** Exchanges in flight, and connections per origin. Default 256. */
  readonly maxConnections?: number;
  /** Exchanges that may wait for one of them. Default 1024. */
  readonly maxWaiting?: number;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** For a whole call: waiting, connecting, retries, redirects and bodies. Default 30,000. */
  readonly timeoutMs?: number;
  /** Of a response body, after decompression. Default 10 MiB. */
  readonly maxResponseBytes?: number;
  /** Idle connections are kept this long. Default 10,000. */
  readonly keepAliveMs?: number;
  /** Certificate authorities to trust instead of the built-in ones (PEM). */
  readonly ca?: string | readonly string[];
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** At least 0, less than 1. */
  readonly random?: () => number;
  /** Rejects when `signal` aborts. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly signal?: AbortSignal;
  /** A redirect is the answer; it is not followed. */
  readonly noRedirects?: true;
}

export interface Redirect {
  readonly status: number;
  /** Where it led. */
  readonly url: string;
}

interface CallFacts {
  /** Whole milliseconds from start to result. */
  readonly latency_ms: number;
  readonly retry_count: number;
  readonly redirects: readonly Redirect[];
}

export interface ProviderAnswer extends CallFacts {
  readonly kind: 'answer';
  readonly status: number;
  /** Names lower-case, no hop-by-hop fields. */
  readonly headers: ResponseHeaders;
  readonly body: Uint8Array;
  /** Without what the credential added to the query. */
  readonly final_url: string;
}

export interface ProviderFailure extends CallFacts {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** Public. */
  readonly message: string;
  /** False when no request reached a provider: then nothing can have happened there. */
  readonly request_sent: boolean;
}

export type ProviderResult = ProviderAnswer | ProviderFailure;

export interface Egress {
  /**
   * Calls a provider and answers what came of it. Network trouble is a `failure`, never a throw.
   * Throws `invalid_request` or `egress_blocked` for bad input, before anything is sent.
   */
  callProvider(request: ProviderRequest, options?: CallOptions): Promise<ProviderResult>;
  /** Ends all connections; calls in flight fail. */
  close(): Promise<void>;
}
