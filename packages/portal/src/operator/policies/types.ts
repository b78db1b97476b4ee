import type { PolicyAppliesTo, PolicyTemplate } from '@affidavit/schema';

/** Policies as the API shows them. */

export type Layer = 'app' | 'provider' | 'grant' | 'agent';

export interface Policy {
  readonly policy_id: string;
  readonly name: string;
  readonly cedar: string;
  readonly template?: PolicyTemplate;
  readonly applies_to?: PolicyAppliesTo;
  readonly layer: Layer;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What is sent to save a policy, to check it, to try it. */
export interface PolicyInput {
  readonly name: string;
  readonly template?: PolicyTemplate;
  readonly cedar?: string;
  readonly applies_to?: PolicyAppliesTo;
}

/** A policy, or what is made of it before it is saved. */
export interface PolicyChange {
  readonly policy: PolicyInput;
  readonly policy_id?: string;
}

export interface PolicyCheck {
  readonly policy_id: string;
  readonly rule: string;
  readonly layer?: Layer;
  readonly result: 'denies' | 'errs' | 'requires_approval' | 'counts' | 'passes';
  readonly policy?: { readonly name?: string };
  readonly explanation?: string;
}

/** What policies say to one call. */
export interface Tested {
  readonly policy_decision: 'ALLOW' | 'DENY';
  readonly policy_id: string;
  readonly rule: string;
  readonly approval?: { readonly expires_in_seconds: number };
  readonly explanation: string;
  readonly policies: readonly PolicyCheck[];
}

/** What a change would have decided otherwise. */
export interface Preview {
  readonly from: string;
  readonly complete: boolean;
  readonly calls: number;
  readonly changed: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly not_evaluated: Readonly<Record<string, number>>;
  readonly examples: readonly {
    readonly execution_id?: string;
    readonly created_at?: string;
    readonly agent_id?: string;
    readonly was: string;
    readonly would_be: string;
  }[];
  readonly note: string;
}
