import type { AuditRecord } from '@affidavit/schema';

import { decisionGrant } from './decide.ts';
import { pick } from './pick.ts';
import type { CompiledSet, Decision, DecisionInput, PolicyEngine } from './policy/index.ts';
import type { StoredPolicy } from './policy/index.ts';
import type { Grant } from './ports.ts';

/** What a change of policies would have decided otherwise, told from what is on the record. */

/** What became of a call: made, refused, or held for a person. */
export type Verdict = 'ALLOW' | 'DENY' | 'APPROVAL';

/**
 * Why a call is not decided again: a built-in rule or a rate had decided, which no policy text
 * changes; its grant is gone; or the record does not hold what is needed.
 */
export type NotEvaluated = 'built_in_rule' | 'rate' | 'grant_gone' | 'incomplete_record';

export type Judgement =
  | { readonly kind: 'same' }
  | { readonly kind: 'not_evaluated'; readonly why: NotEvaluated }
  | {
      readonly kind: 'changed';
      readonly was: Verdict;
      readonly would_be: Verdict;
      /** What would have decided. */
      readonly policy_id: string;
    };

/** Types of the entries that say what was decided on a call. */
export const DECISION_TYPES = [
  'credential.retrieved',
  'credential.denied',
  'action.blocked',
  'approval.requested',
] as const;

const SAME = { kind: 'same' } as const;

/** Decides calls of the past by the policies before and after a change. */
export class WhatIf {
  readonly #engine: PolicyEngine;
  readonly #before: CompiledSet;
  readonly #after: CompiledSet;
  /** The changed policy, as it was and as it would be: whom neither concerns, nothing changes for. */
  readonly #changed: readonly CompiledSet[];

  constructor(
    engine: PolicyEngine,
    before: readonly StoredPolicy[],
    after: readonly StoredPolicy[],
    changedId: string,
  ) {
    this.#engine = engine;
    this.#before = engine.compile(before);
    this.#after = engine.compile(after);
    this.#changed = [before, after].map((all) =>
      engine.compile(all.filter(({ policy_id }) => policy_id === changedId)),
    );
  }

  judge(record: Partial<AuditRecord>, grant: Grant | null): Judgement {
    const decided = decidedBy(record);
    if (decided === 'builtin') return { kind: 'not_evaluated', why: 'built_in_rule' };
    if (decided === 'rate') return { kind: 'not_evaluated', why: 'rate' };
    if (grant === null) return { kind: 'not_evaluated', why: 'grant_gone' };
    const input = inputOf(record, grant);
    if (input === null) return { kind: 'not_evaluated', why: 'incomplete_record' };
    if (!this.#concerns(input)) return SAME;
    const before = verdictOf(this.#engine.decide(this.#before, input));
    const decision = this.#engine.decide(this.#after, input);
    const would_be = verdictOf(decision);
    const was = verdictOn(record);
    if (would_be === before || would_be === was) return SAME;
    return { kind: 'changed', was, would_be, policy_id: decision.policy_id };
  }

  #concerns(input: DecisionInput): boolean {
    return this.#changed.some(
      ({ broken, statements }) =>
        broken !== null || [...statements.values()].some((one) => one.concerns(input)),
    );
  }
}

const verdictOf = ({ approval, policy_decision }: Decision): Verdict =>
  approval === undefined ? policy_decision : 'APPROVAL';

function verdictOn({ event_type }: Partial<AuditRecord>): Verdict {
  if (event_type === 'approval.requested') return 'APPROVAL';
  return event_type === 'credential.retrieved' ? 'ALLOW' : 'DENY';
}

function decidedBy({ event_type, policy_id, policy_context }: Partial<AuditRecord>) {
  if (event_type === 'credential.retrieved') return 'policy';
  const { rule } = (policy_context ?? {}) as { rule?: unknown };
  if (rule === 'rate') return 'rate';
  return policy_id?.startsWith('builtin:') ? 'builtin' : 'policy';
}

/** A call as it was decided then; null where the record does not say enough. */
function inputOf(record: Partial<AuditRecord>, grant: Grant): DecisionInput | null {
  const { actor_type, actor_id, method, source_ip, created_at } = record;
  const url = URL.parse(record.url ?? '');
  if (url === null || actor_id === undefined || method === undefined || !created_at) return null;
  return {
    actor: { type: actor_type === 'agent' ? 'agent' : 'service', id: actor_id },
    grant: decisionGrant(grant),
    request: {
      method,
      url,
      scopes: record.scope_requested ?? [],
      ...pick(record, [
        'caller',
        'run_id',
        'task_context',
        'tenant_id',
        'reason',
        'verb',
        'risk_level',
      ]),
      ...(source_ip === undefined ? {} : { source_ip }),
    },
    now: new Date(created_at),
    past: true,
  };
}
