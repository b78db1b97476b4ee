/** What a type of destination must do. */

/** An entry on its way out. */
export interface Deliverable {
  readonly seq: number;
  readonly event_id: string;
  readonly event_type: string;
  /** Epoch ms. */
  readonly created_at: number;
  /** Hex. */
  readonly leaf_hash: string;
  /** The record as `GET /v1/events` shows it, or mapped to what the destination wants. */
  readonly json: string;
}

/** How much a receiver takes at once. Bytes are of the records as JSON. */
export interface Limits {
  readonly entries: number;
  readonly bytes: number;
  /** Larger entries are never sent: they go to the dead letters. */
  readonly entryBytes: number;
  /** How long new entries wait for others to be sent with, ms. */
  readonly waitMs: number;
}

/** What the receiver said, for people: the start of its answer, scrubbed. */
export interface Said {
  readonly status: number | null;
  readonly text: string;
}

/**
 * What came of a batch:
 * - `accepted`: the receiver has all of it. With `rejected`, it says that it threw some of it away
 *   for good, and it is of no use to send it again.
 * - `later`: it may have none, some or all of it; to be sent again, after `afterMs` at the earliest.
 * - `refused`: it does not want it as it is; sent again in smaller batches it tells which entries it
 *   means. `index` where it said so.
 * - `halt`: it will take nothing until somebody does something, such as renewing a credential.
 */
export type SendResult = { readonly said: Said } & (
  | { readonly kind: 'accepted'; readonly rejected?: string }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly index?: number }
  | { readonly kind: 'halt'; readonly reason: string }
);

/** A destination as it is configured now. Never throws for what the receiver does. */
export interface Receiver {
  readonly limits: Limits;
  /**
   * Sends a batch and waits for its answer, at most about two minutes. Several may be under way.
   */
  send(batch: readonly Deliverable[], signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}
