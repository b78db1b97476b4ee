import type { AuditEvent } from '@affidavit/schema';

import { governed } from './actions/governance.ts';
import { actorsOf } from './actors.ts';
import type { ApprovedRun } from './approvals.ts';
import { pick } from './pick.ts';
import type { PlannedCall } from './plan.ts';
import type { Decision, DecisionGrant, DecisionInput, StoredPolicy } from './policy/index.ts';
import { isOpen, type PolicyCheck, type PolicyEngine } from './policy/index.ts';
import { PolicySets } from './policy-sets.ts';
import type { Directory, Grant } from './ports.ts';

interface DeciderOptions {
  readonly directory: Directory;
  readonly engine: PolicyEngine;
  readonly now: () => Date;
}

/** A decision with all that was looked at, in the order of its layers. */
export interface Explanation extends Decision {
  readonly policies: readonly PolicyCheck[];
}

/** What a sample call is asked under, where it is not how things are. */
export interface Supposing {
  /** In place of the policies of the app. */
  readonly policies?: readonly StoredPolicy[];
  readonly now?: Date;
}

/** What is asked of a sample call, beside the call itself. */
export interface Sample extends Supposing {
  /** Of the action that makes the call. */
  readonly facts?: Pick<AuditEvent, 'verb' | 'risk_level'>;
}

/** What a decision needs to know of a call. */
export type Decidable = Omit<PlannedCall, 'outgoing' | 'startedMs' | 'execution_id'>;

/** Says whether a planned call may happen. */
export class Decider {
  readonly #options: DeciderOptions;
  readonly #policies: PolicySets;

  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#policies = new PolicySets(options.engine, options.directory);
  }

  /** Policy first, then what the verb of an action says about its use. */
  async decide(call: Decidable): Promise<Decision> {
    const set = await this.#policies.of(call.app.app);
    const decision = this.#options.engine.decide(set, this.#inputOf(call));
    const actors = await actorsOf(this.#options.directory, call);
    const told = { ...decision, policy_context: { ...decision.policy_context, ...actors } };
    return call.action === undefined ? told : governed(call, call.action, told);
  }

  /** The decision, and everything that was looked at for it. */
  async explain(call: PlannedCall, { policies, now }: Supposing = {}): Promise<Explanation> {
    const { engine } = this.#options;
    const set = policies ? engine.compile(policies) : await this.#policies.of(call.app.app);
    const input = { ...this.#inputOf(call), ...(now === undefined ? {} : { now }) };
    return { ...engine.decide(set, input), policies: engine.check(set, input) };
  }

  #inputOf({ actor, grant, provider, url, body, run, facts }: Decidable): DecisionInput {
    return {
      actor: { type: actor.type, id: actor.id },
      grant: decisionGrant(grant),
      ...(actor.token === undefined ? {} : { token: actor.token }),
      ...(provider.scope_map === null ? {} : { scope_map: provider.scope_map }),
      request: {
        method: body.method.toUpperCase(),
        url,
        scopes: body.scopes ?? [],
        ...pick(body, ['caller', 'run_id', 'task_context', 'tenant_id', 'reason']),
        ...pick(facts, ['verb', 'risk_level']),
        ...(actor.source_ip === undefined ? {} : { source_ip: actor.source_ip }),
      },
      now: this.#options.now(),
      approved: run !== undefined,
    };
  }
}

/** Whether the scopes of a call open an address that a redirect leads to. */
export function opens({ provider, grant, body }: PlannedCall, url: URL, method: string): boolean {
  const { scope_map } = provider;
  return scope_map === null || isOpen({ scope_map, grant, scopes: body.scopes ?? [] }, url, method);
}

/** A grant as policies see it. */
export function decisionGrant({ expires_at, ...grant }: Grant): DecisionGrant {
  return {
    ...grant,
    status: grant.revoked_at === null ? 'active' : 'revoked',
    created_at: new Date(grant.created_at).toISOString(),
    ...(expires_at === null ? {} : { expires_at: new Date(expires_at).toISOString() }),
  };
}

/** A decision as the record says it. */
export function decisionFacts(decision: Decision): Partial<AuditEvent> {
  const { policy_decision, policy_id, policies_checked, explanation } = decision;
  const denied = policy_decision === 'DENY';
  const policy_context = denied
    ? { ...decision.policy_context, explanation }
    : decision.policy_context;
  return {
    policy_decision,
    policy_id,
    policies_checked: [...policies_checked],
    policy_context: policy_context as AuditEvent['policy_context'] & object,
    ...(denied ? { scope_granted: [] } : {}),
  };
}

/** A decision to wait for a person, as the record says it: nothing is allowed or denied yet. */
export function heldFacts(decision: Decision): Partial<AuditEvent> {
  const { policy_id, policies_checked, policy_context } = decisionFacts(decision);
  return { policy_id, policies_checked, policy_context, governance_status: 'pending' };
}

/** The same after a person approved, with who that was. */
export function approvedFacts(
  decision: Decision,
  { approval }: Pick<ApprovedRun, 'approval'>,
): Partial<AuditEvent> {
  const facts = decisionFacts(decision);
  const { policy_context } = facts as { policy_context: object };
  const governance_status = decision.policy_decision === 'DENY' ? 'blocked' : 'approved';
  return {
    ...facts,
    governance_status,
    policy_context: { ...policy_context, approval } as AuditEvent['policy_context'] & object,
  };
}
