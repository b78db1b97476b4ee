/** The shapes that go into and come out of a policy decision (MISSION M12). */
import type { PolicyAppliesTo, PolicyTemplate, ScopeMap } from '@affidavit/schema';

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [k: string]: Json };

/** How far a policy reaches: the whole app, one provider, one grant, one agent. */
export type PolicyLayer = 'app' | 'provider' | 'grant' | 'agent';

/** A policy as it is kept. `cedar` decides; `template` and `applies_to` are where it came from. */
export interface StoredPolicy {
  readonly policy_id: string;
  readonly name: string;
  /** Cedar text, as `compilePolicy` returned it. */
  readonly cedar: string;
  readonly template?: PolicyTemplate;
  readonly applies_to?: PolicyAppliesTo;
  /** Epoch ms. */
  readonly updated_at?: number;
}

export interface DecisionActor {
  readonly type: 'agent' | 'service';
  /** `agt_…` of an agent, `key_…` of a service. */
  readonly id: string;
}

export interface DecisionGrant {
  readonly grant_id: string;
  /** Name of the provider. */
  readonly provider: string;
  readonly kind: string;
  readonly status: 'active' | 'revoked';
  /** The agents it is delegated to; `*` is every agent and service of the app. */
  readonly agents: readonly string[] | '*';
  /** Empty when the grant does not limit scopes. */
  readonly scopes: readonly string[];
  /** ISO 8601. One that cannot be read counts as the beginning of time. */
  readonly created_at: string;
  /** ISO 8601. One that cannot be read counts as passed. */
  readonly expires_at?: string;
  readonly principal: { readonly type: string; readonly id: string };
}

export interface DecisionRequest {
  readonly method: string;
  /** Where the call will go. Query and fragment never reach a policy. */
  readonly url: URL;
  /** Address the request came from; left out when it is not known. */
  readonly source_ip?: string;
  /** Scopes the caller asked for; empty when it did not say. */
  readonly scopes: readonly string[];
  readonly caller?: string;
  readonly run_id?: string;
  readonly task_context?: string;
  readonly tenant_id?: string;
  readonly reason?: string;
  /** Of an action. */
  readonly verb?: string;
  readonly risk_level?: string;
}

/** The minted token that a call comes with. */
export interface DecisionToken {
  readonly token_id: string;
  readonly grant_id: string;
  /** Empty when the token does not limit scopes. */
  readonly scopes: readonly string[];
  readonly run_id: string | null;
}

export interface DecisionInput {
  readonly actor: DecisionActor;
  readonly grant: DecisionGrant;
  readonly request: DecisionRequest;
  readonly token?: DecisionToken;
  /** Of the provider: which methods and paths each scope opens. */
  readonly scope_map?: ScopeMap;
  readonly now: Date;
  /** A person has approved the call: what requires approval is lifted, all else holds. */
  readonly approved?: boolean;
  /** A call that was made already: built-in rules held then, and stored policies alone are asked. */
  readonly past?: boolean;
}

export type BuiltinRule =
  | 'delegation'
  | 'grant_status'
  | 'grant_expiry'
  | 'scope'
  | 'scope_map'
  | 'token_grant'
  | 'token_run'
  | 'token_scope';

/** `policy_error`: the policy, or the engine, could not be evaluated. */
export type DecisionRule =
  | BuiltinRule
  | PolicyTemplate['kind']
  | 'cedar'
  | 'governance'
  | 'policy_error';

/** A rate that a call counts for; it may be made when a place in the window is taken for it. */
export interface CountedRate {
  readonly policy_id: string;
  readonly name: string;
  readonly layer: PolicyLayer;
  readonly limit: number;
  readonly window_seconds: number;
  /** What it is counted under: another counter for each agent, grant or principal, or one for all. */
  readonly counter: string;
  /** When the policy was changed: counting began anew then. Epoch ms. */
  readonly since: number;
}

/**
 * A call that waits for a person is a DENY by the rule `approval` with `approval` set, so that
 * whoever cannot hold a call refuses it.
 */
export interface Decision {
  readonly policy_decision: 'ALLOW' | 'DENY';
  /** What decided: `pol_…` or `builtin:…`. */
  readonly policy_id: string;
  readonly rule: DecisionRule;
  /** Layer of the policy that decided; absent for built-in rules. */
  readonly layer?: PolicyLayer;
  /** Set where nothing but an approval is missing. */
  readonly approval?: { readonly expires_in_seconds: number };
  /** What an ALLOW still depends on; absent where nothing is counted. */
  readonly rates?: readonly CountedRate[];
  /** When a call may be made again, ISO 8601; set where a rate denies. */
  readonly retry_at?: string;
  /** Sorted ids of everything that was evaluated for this call, built-in rules included. */
  readonly policies_checked: readonly string[];
  /** The configuration that decided, and the values it was compared with (`compared`). */
  readonly policy_context: Readonly<Record<string, Json>>;
  /** One sentence for a person. */
  readonly explanation: string;
}

/** One rule or policy that was looked at for a call. */
export interface PolicyCheck {
  readonly policy_id: string;
  readonly rule: DecisionRule;
  /** Absent for built-in rules. */
  readonly layer?: PolicyLayer;
  /** `counts`: the call is allowed as long as the window of the rate has a place. */
  readonly result: 'denies' | 'errs' | 'requires_approval' | 'counts' | 'passes';
  /** The evaluated configuration; absent for built-in rules. */
  readonly policy?: Readonly<Record<string, Json>>;
  /** What of the call it was compared with. */
  readonly compared?: Readonly<Record<string, Json>>;
  readonly explanation?: string;
}
