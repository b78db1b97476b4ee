import type { AuditEvent } from '@affidavit/schema';

import type { AppRef } from '../ports.ts';

/** The tokens of a grant, as they are kept. Purposes of the seals are in `sealed-tokens.ts`. */
export interface HeldTokens {
  readonly grant_id: string;
  /** One more with every change. */
  readonly version: number;
  /** Empty when they were given up. */
  readonly sealed_access_token: string;
  readonly sealed_refresh_token: string | null;
  /** As the server granted them; the grant may allow less. */
  readonly scopes: readonly string[];
  /** Epoch ms, like all times here. */
  readonly obtained_at: number;
  readonly expires_at: number | null;
  readonly refresh_execution_id: string | null;
  readonly refresh_until: number | null;
  /** An earlier refresh that may have reached the server and whose answer was lost. */
  readonly lost_execution_id: string | null;
}

/** New tokens, sealed. */
export interface FreshTokens {
  readonly sealed_access_token: string;
  readonly sealed_refresh_token: string | null;
  readonly scopes: readonly string[];
  readonly obtained_at: number;
  readonly expires_at: number | null;
}

/** How tokens and their grant change, with the entries that say so. */
export type TokenChange =
  | {
      readonly kind: 'renewed';
      readonly tokens: FreshTokens;
      /** Of the grant, where they change too. */
      readonly grantScopes?: readonly string[];
    }
  /** They stay; the next may try. */
  | { readonly kind: 'released'; readonly lost_execution_id: string | null }
  /** They are of no use any more: the grant needs re-authentication. */
  | { readonly kind: 'ended'; readonly at: number };

/** Where tokens are kept. What is read may be behind; what is changed names what was read. */
export interface TokenStore {
  read(app: number, grantId: string): Promise<HeldTokens | null>;
  /**
   * Claims the refresh of what was read, in the transaction of the intent, which opens its
   * execution. Resolves with whether nobody else was first. When it rejects, it may be assumed
   * not to be claimed: a claim that turns out to be written after all is given up by the store.
   */
  claim(app: AppRef, held: HeldTokens, intent: AuditEvent, until: number): Promise<boolean>;
  /** Whether somebody is still at a refresh: its execution is open, and its process alive. */
  isUnderWay(app: number, executionId: string): Promise<boolean>;
  /**
   * Changes what was read, in the transaction of the entries; closes the execution of the refresh.
   * If it cannot be written, the store keeps it and tries again for as long as the process lives,
   * and rejects (`audit_unavailable`) at its deadline. Resolves with whether the tokens were those
   * that were read; where others came first, the entries alone are written.
   */
  change(
    app: AppRef,
    held: HeldTokens,
    events: readonly AuditEvent[],
    change: TokenChange,
  ): Promise<boolean>;
}
