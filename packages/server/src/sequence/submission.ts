import type { Effect, NewPart } from '../store/port.ts';

export interface PreparedPart extends NewPart {
  /** What the header says of it, hex. */
  readonly commitment: string;
}

/** An event that is validated, redacted and committed to parts: all it still lacks is its place. */
export interface PreparedEvent {
  readonly event_id: string;
  /** Whether the client chose the id, so that it may have been sent before. */
  readonly retriable: boolean;
  /** Keyed digest of what the client sent; only with `retriable`. */
  readonly fingerprint: Uint8Array | null;
  readonly parts: readonly PreparedPart[];
}

/** What is written together or not at all: events of one app, and the state they change. */
export interface Submission {
  readonly app: number;
  readonly events: readonly PreparedEvent[];
  readonly effects: readonly Effect[];
  /** Epoch ms after which it must no longer be started. */
  readonly deadline: number;
}

export interface SequencedEvent {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: number;
  readonly leaf_hash: Uint8Array;
}

/** The acknowledgement: durable, and under this signed checkpoint. */
export interface Receipt {
  readonly events: readonly SequencedEvent[];
  readonly checkpoint: string;
  readonly size: number;
  /** True when every event was there already: a retry. */
  readonly repeated: boolean;
}

export type Refusal =
  /** An event id that is taken by another event. */
  | { readonly kind: 'id_taken'; readonly event_id: string }
  /** An effect met a state that does not allow it. */
  | { readonly kind: 'effect_conflict' }
  /** Its deadline had passed before it was started. */
  | { readonly kind: 'expired' };

export type Verdict =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly refusal: Refusal };
