import type { AuditEvent, ProviderAuth, ScopeMap, VerbDefinition } from '@affidavit/schema';

import type { Held } from './approvals.ts';
import type { StoredPolicy } from './policy/index.ts';

/** What the vault needs from the rest of the house. The server provides both. */

/** An app, by the number its keys begin with and by its public id. */
export interface AppRef {
  readonly app: number;
  readonly app_id: string;
}

export interface Recorded {
  readonly event_id: string;
  readonly seq: number;
  /** ISO 8601. */
  readonly created_at: string;
}

/**
 * A change of state that stands or falls with an entry: made by whoever owns the row, handed to the
 * trail as it is. Where the row is not as it expects, the whole write is refused with `conflict`.
 */
export interface Change {
  readonly op: string;
  readonly table: string;
}

/** An `Idempotency-Key`, by who sent it and for which verb. */
export interface ActionKey {
  readonly actor_id: string;
  readonly verb: string;
  readonly idempotency_key: string;
}

/** A key that is taken by an execution: no other execution can begin under it. */
export interface Claim extends ActionKey {
  /** Keyed digest of what was asked for. */
  readonly fingerprint: Uint8Array;
  readonly execution_id: string;
}

/**
 * How it stands with the execution that has a key. `refused`: a person said no, or nobody said
 * anything, so that another may have the key. `unknown`: nobody knows whether it had its effect.
 */
export type ClaimState =
  | { readonly state: 'ended'; readonly sealed_result: string }
  | { readonly state: 'held'; readonly held: Held }
  | { readonly state: 'open' | 'refused' | 'erased' | 'unknown' };

/** The keys of actions. What changes them goes with the entries of the execution. */
export interface ActionKeys {
  find(app: AppRef, key: ActionKey): Promise<(Claim & ClaimState) | null>;
  /** A conflict where another has it, or has taken it from `instead` already. */
  take(app: AppRef, claim: Claim, instead?: string): readonly Change[];
  /** Keeps what repeats are answered. */
  keep(app: AppRef, claim: Claim, sealedResult: string): readonly Change[];
  /** Gives it back: nothing happened. */
  release(app: AppRef, claim: Claim): readonly Change[];
}

/**
 * The trail, as the pipeline writes it. When a call resolves, the entry is durable and under a
 * signed checkpoint; when it rejects (`audit_unavailable`, `overloaded`), it may be assumed absent:
 * an intent that turns out to be written after all is closed by the trail itself.
 */
export interface CallTrail {
  /** The whole story of what does not happen: a denial, a dry run, a replay. */
  denial(app: AppRef, event: AuditEvent, changes?: readonly Change[]): Promise<Recorded>;
  /** What is about to happen. Opens the execution: it stays listed as open until its outcome. */
  intent(app: AppRef, event: AuditEvent, changes?: readonly Change[]): Promise<Recorded>;
  /** What happened. If it cannot be written it is kept and tried again; the caller still gets 503. */
  outcome(app: AppRef, event: AuditEvent, changes?: readonly Change[]): Promise<Recorded>;
  /** What happened, as a client says. If it cannot be written the client says it again. */
  reported(app: AppRef, event: AuditEvent, changes: readonly Change[]): Promise<Recorded>;
}

/** An action that a client carries out itself, as long as its outcome is waited for. */
export interface BegunAction {
  readonly execution_id: string;
  readonly actor_id: string;
  readonly verb: string;
  readonly idempotency_key: string | null;
  /** Epoch ms: from then on nobody waits. */
  readonly expires_at: number;
}

export interface BegunActions {
  /** With what its intent said; null where it has ended, or never began. */
  find(
    app: AppRef,
    executionId: string,
  ): Promise<{ readonly begun: BegunAction; readonly intent: AuditEvent } | null>;
  /** With the intent. */
  begin(app: AppRef, begun: BegunAction): readonly Change[];
  /** With the outcome; a conflict where it has ended. */
  end(app: AppRef, executionId: string): readonly Change[];
}

/** A minted token, as it is kept. */
export interface NewToken {
  readonly token_id: string;
  readonly hash: string;
  /** The key that minted it, and that it dies with. */
  readonly key_id: string;
  /** Its app: that of the token, unless the key is one of the installation. */
  readonly key_app: number;
  readonly agent_id: string | null;
  readonly grant_id: string;
  readonly provider: string;
  readonly scopes: readonly string[];
  readonly run_id: string | null;
  readonly task_context: string | null;
  readonly created_at: number;
  readonly expires_at: number;
}

/** The trail, as minting writes it: durable, under a signed checkpoint, or not at all. */
export interface TokenTrail {
  /** The token is there from the transaction of this entry on. */
  minted(app: AppRef, event: AuditEvent, token: NewToken): Promise<Recorded>;
  /** What changes no token of ours: a refusal, an exchange. */
  note(app: AppRef, event: AuditEvent): Promise<Recorded>;
}

export interface Provider {
  readonly provider_id: string;
  readonly name: string;
  readonly base_url: string;
  readonly auth: ProviderAuth;
  /** Of an OAuth client, see `clientSecretPurpose`; null for a public client. */
  readonly sealed_client_secret: string | null;
  readonly timeout_ms: number | null;
  /** Which methods and paths each scope opens; null where scopes are not mapped. */
  readonly scope_map: ScopeMap | null;
}

export interface Grant {
  readonly grant_id: string;
  readonly provider: string;
  readonly kind: 'managed_secret' | 'oauth';
  /** Of a managed secret; an OAuth grant has tokens instead. */
  readonly secret_id: string | null;
  readonly principal: {
    readonly type: 'user' | 'group' | 'system' | 'agent';
    readonly id: string;
    readonly email?: string;
  };
  readonly agents: readonly string[] | '*';
  readonly scopes: readonly string[];
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  /** When it was found that its tokens are of no use any more; null while they are. */
  readonly needs_reauth_at: number | null;
}

export interface Verb extends VerbDefinition {
  readonly verb: string;
}

export interface Secret {
  readonly secret_id: string;
  readonly sealed_value: string;
  readonly revoked_at: number | null;
}

/** What is known of grants and their surroundings, read as of now. */
export interface Directory {
  grant(app: number, grantId: string): Promise<Grant | null>;
  /** All grants on a provider that are not revoked. */
  grantsOn(app: number, provider: string): Promise<readonly Grant[]>;
  provider(app: number, name: string): Promise<Provider | null>;
  secret(app: number, secretId: string): Promise<Secret | null>;
  policies(app: number): Promise<readonly StoredPolicy[]>;
  verb(app: number, verb: string): Promise<Verb | null>;
  /** The agent that an agent was made under; null where there is none. */
  parentAgent(app: number, agentId: string): Promise<string | null>;
}
