/** A call that every built-in rule lets through, to be varied by tests. */
import type { PolicyAppliesTo, PolicyTemplate } from '@affidavit/schema';
import { compilePolicy } from '../compile.ts';
import { createPolicyEngine } from '../engine.ts';
import type {
  Decision,
  DecisionGrant,
  DecisionInput,
  DecisionRequest,
  StoredPolicy,
} from '../types.ts';

export interface Variation {
  readonly actor?: DecisionInput['actor'];
  readonly grant?: Partial<DecisionGrant>;
  readonly request?: Partial<DecisionRequest>;
  readonly url?: string;
  readonly now?: string | Date;
}

export function decisionInput(variation: Variation = {}): DecisionInput {
  return {
    actor: variation.actor ?? { type: 'agent', id: 'agt_1' },
    grant: {
      grant_id: 'grt_1',
      provider: 'github',
      kind: 'managed_secret',
      status: 'active',
      agents: ['agt_1'],
      scopes: [],
      created_at: '2026-01-01T00:00:00.000Z',
      principal: { type: 'user', id: 'ada' },
      ...variation.grant,
    },
    request: {
      method: 'GET',
      url: new URL(variation.url ?? 'https://api.github.test/v1/items?secret=1'),
      scopes: [],
      ...variation.request,
    },
    now: new Date(variation.now ?? '2026-06-01T12:00:00.000Z'),
  };
}

/** A template policy as it would be stored. */
export function stored(
  policy_id: string,
  template: PolicyTemplate,
  applies_to?: PolicyAppliesTo,
): StoredPolicy {
  const narrowed = applies_to === undefined ? {} : { applies_to };
  const { cedar } = compilePolicy({ name: `name of ${policy_id}`, template, ...narrowed });
  return { policy_id, name: `name of ${policy_id}`, cedar, template, ...narrowed };
}

/** Cedar text as it would be stored had it been checked; it is not. */
export function storedText(policy_id: string, cedar: string): StoredPolicy {
  return { policy_id, name: `name of ${policy_id}`, cedar };
}

export const engine = createPolicyEngine();

export function decideBy(policies: readonly StoredPolicy[], variation: Variation = {}): Decision {
  return engine.decide(engine.compile(policies), decisionInput(variation));
}
