import type { AuditEvent, ProblemDocument } from '@affidavit/schema';

import type { AppRef, Change, Recorded } from './ports.ts';
import type { Json } from './policy/index.ts';

/**
 * Approvals: what an agent asked for and a person must decide. The request is held, sealed; once
 * it is approved, the runner of its kind carries it out, once.
 */

export type ApprovalKind = 'call' | 'action';

/** Who asked: nobody decides what they, or another key of the same agent, asked for. */
export interface Asker {
  readonly key_id: string;
  readonly agent_id: string | null;
  /** Set where they asked with a minted token, which sees no more than its own. */
  readonly token_id: string | null;
}

export interface ToHold {
  readonly app: AppRef;
  readonly kind: ApprovalKind;
  readonly execution_id: string;
  readonly asker: Asker;
  /** What all entries of the execution say: who, for whom, which grant, what, by which policy. */
  readonly facts: Partial<AuditEvent>;
  /** What would be sent, for the entry and for who decides: headers, body, args. */
  readonly shown: Partial<AuditEvent>;
  readonly expires_in_seconds: number;
  /** Of whoever asks: a conflict in them refuses the whole. */
  readonly changes?: readonly Change[];
  /** All that the runner needs to carry it out; kept sealed, and seen by nobody else. */
  readonly request: object;
}

/** What whoever asked is told; `expires_at` is ISO 8601. */
export interface Held extends Pick<Recorded, 'event_id' | 'seq'> {
  readonly approval_id: string;
  readonly status: 'pending';
  readonly execution_id: string;
  readonly policy_id: string;
  readonly expires_at: string;
}

export interface Approvals {
  /**
   * Holds a request: it is durable, with the entry `approval.requested`, when this resolves.
   * Rejects with `policy_denied` where too many wait already, `payload_too_large` where the request
   * is too large to be held, `audit_unavailable` and `overloaded`.
   */
  hold(request: ToHold): Promise<Held>;
}

/** How a held request ended. */
export type ApprovalResult =
  | { readonly status: 'done'; readonly outcome: string; readonly result: object }
  | {
      readonly status: 'failed';
      readonly outcome: string;
      /** What the asker would have been refused with. */
      readonly problem: ProblemDocument;
    };

/** An approved request on its way to be carried out. */
export interface ApprovedRun {
  readonly app: AppRef;
  readonly approval_id: string;
  readonly execution_id: string;
  /** The request as it was held. */
  readonly request: unknown;
  /** Who approved, when and why: for `policy_context.approval` of the entries that follow. */
  readonly approval: Readonly<Record<string, Json>>;
  /**
   * For the transaction of the intent. The write is refused with `conflict` where another process
   * has begun: whoever gets that goes no further.
   */
  readonly begun: readonly Change[];
  /**
   * For the transaction of the entry that ends it: the outcome after an intent, or the denial that
   * came instead of one.
   */
  ended(result: ApprovalResult, after: 'intent' | 'nothing'): readonly Change[];
}

/**
 * Carries out requests of one kind. Resolves when an entry that ends it is on the record; rejects
 * with `conflict` where another has begun, and with anything else where nothing was written: it
 * will be asked again.
 */
export type ApprovalRunner = (run: ApprovedRun) => Promise<void>;
