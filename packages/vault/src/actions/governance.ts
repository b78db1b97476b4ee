import type { PlannedCall } from '../plan.ts';
import type { Decision } from '../policy/index.ts';
import type { Action } from './action.ts';

/** What a verb itself says about its use, beside policy. */

const POLICY_ID = 'builtin:governance';
/** A day, as with the policies that ask for an approval. */
const APPROVAL_SECONDS = 86_400;

/** The decision on an action: that of policy, unless its verb is stricter. */
export function governed(
  { facts, run }: Pick<PlannedCall, 'facts' | 'run'>,
  { governance }: Pick<Action, 'governance'>,
  decision: Decision,
): Decision {
  const allowed = decision.policy_decision === 'ALLOW';
  if (governance === 'allow' || (!allowed && decision.approval === undefined)) return decision;
  const needsApproval = governance === 'approval';
  if (needsApproval && (!allowed || run !== undefined)) return decision;
  const { approval: _, rates: __, layer: ___, ...rest } = decision;
  const { verb, risk_level } = facts as { verb: string; risk_level: string };
  return {
    ...rest,
    policy_decision: 'DENY',
    policy_id: POLICY_ID,
    rule: needsApproval ? 'approval' : 'governance',
    policies_checked: [...new Set([...decision.policies_checked, POLICY_ID])].sort(),
    policy_context: { rule: 'governance', governance, compared: { verb, risk_level } },
    explanation: needsApproval
      ? `The verb ${verb} waits for a person to approve it.`
      : `The verb ${verb} is blocked by its governance rule.`,
    ...(needsApproval ? { approval: { expires_in_seconds: APPROVAL_SECONDS } } : {}),
  };
}
