import type { AuditEvent, AuditRecord } from '@affidavit/schema';

import type { FetchFunction, QueryValue } from './transport.ts';

/** What goes into the client and what comes out of it. */

export interface AffidavitOptions {
  /** Where Affidavit answers, such as `http://127.0.0.1:7411`. */
  readonly url: string;
  readonly apiKey: string;
  /** Name of the calling code (`crm-sync@1.4`); recorded with everything that is sent. */
  readonly caller?: string;
  /** For a whole call with all its retries; 30 seconds unless said otherwise. */
  readonly timeoutMs?: number;
  /** Instead of the global `fetch`. */
  readonly fetch?: FetchFunction;
}

export interface RunOptions {
  /** The task in the run; recorded as `task_context`. */
  readonly task?: string;
  /** Merged under the context of each call. */
  readonly context?: Readonly<Record<string, string>>;
  /** A label for the agent, put into the context; its identity always comes from the key. */
  readonly agent?: string;
}

/** What every call can carry, whatever it does. */
export interface CommonOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** W3C `traceparent`; wins over the active OpenTelemetry span. */
  readonly traceparent?: string;
}

export interface RequestOptions extends CommonOptions {
  /** Id of the grant to use. One of `grant` and `provider` is needed. */
  readonly grant?: string;
  /** Name of the provider, when the agent has one fitting grant there. */
  readonly provider?: string;
  /** Id of the person on whose behalf, to choose among the grants of a provider. */
  readonly principal?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  /** Added to the url; write a parameter that repeats into the url itself. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. One of `json` and `body` at most. */
  readonly json?: unknown;
  /** Sent as it is; name its type in `headers`. */
  readonly body?: string | Uint8Array;
  /** Why, for a person to read. */
  readonly reason?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly run_id?: string;
  readonly task?: string;
  readonly task_context?: string;
  readonly scopes?: readonly string[];
  readonly idempotencyKey?: string;
}

export interface RecordOptions extends CommonOptions {
  /** Also answer with inclusion proofs against the checkpoint. */
  readonly receipt?: boolean;
  /** Made up when absent; give the same one to repeat a write from another process. */
  readonly idempotencyKey?: string;
}

export interface RecordedEntry {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly leaf_hash: string;
  /** With `receipt`: that it is in the ledger, checked offline (C2SP tlog-proof). */
  readonly proof?: string;
  readonly [more: string]: unknown;
}

/** The answer to `record`. */
export interface Recorded {
  readonly events: readonly RecordedEntry[];
  /** The signed checkpoint (a C2SP signed note) that covers them. */
  readonly checkpoint: string;
  readonly [more: string]: unknown;
}

/** Intent and outcome of one execution in one flat record. */
export type Execution = Partial<AuditRecord> & {
  readonly execution_id: string;
  /** When its intent was sequenced. */
  readonly started_at?: string;
};

export type { AuditEvent, AuditRecord };
