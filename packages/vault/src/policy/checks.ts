/** Everything that is looked at for one call, each with what it says: for who asks why. */
import { builtinChecks, builtinId } from './builtin.ts';
import type { CompiledSet, PlacedStatement } from './compiled-set.ts';
import { messageOf } from './compiled-set.ts';
import { consult } from './consult.ts';
import { policyForRecord } from './explain.ts';
import { comparedBy, openCase, ruleOf } from './verdicts.ts';
import type { Case } from './verdicts.ts';
import type { DecisionInput, PolicyCheck } from './types.ts';

/** From the one that says most to the one that says least. */
const RESULTS: readonly PolicyCheck['result'][] = [
  'denies',
  'errs',
  'requires_approval',
  'counts',
  'passes',
];

function builtins(input: DecisionInput): PolicyCheck[] {
  return builtinChecks(input).map(({ rule, denial }) => ({
    policy_id: builtinId(rule),
    rule,
    result: denial === null ? 'passes' : 'denies',
    ...(denial === null ? {} : { compared: denial.compared, explanation: denial.explanation }),
  }));
}

function resultOf(
  { facts }: Case,
  statement: PlacedStatement,
  {
    forbidding,
    erring,
  }: { forbidding: ReadonlySet<unknown>; erring: ReadonlyMap<unknown, string> },
): Pick<PolicyCheck, 'result' | 'explanation'> {
  const { effect, reads, requirement } = statement;
  const error = erring.get(statement);
  if (error !== undefined) return { result: 'errs', explanation: error };
  const { ambiguity } = facts.path;
  const looksAtPath = effect === 'forbid' && (reads.has('path') || reads.has('url'));
  if (ambiguity !== null && looksAtPath) return { result: 'denies', explanation: ambiguity };
  if (!forbidding.has(statement)) return { result: 'passes' };
  if (requirement === null) return { result: 'denies' };
  return { result: requirement.kind === 'approval' ? 'requires_approval' : 'counts' };
}

function checkOf(open: Case, statement: PlacedStatement, found: Parameters<typeof resultOf>[2]) {
  const { policy, layer } = statement;
  const evaluated = policyForRecord(policy);
  return {
    policy_id: policy.policy_id,
    rule: ruleOf(statement),
    layer,
    policy: evaluated,
    compared: comparedBy(open.facts, statement),
    ...resultOf(open, statement, found),
  } satisfies PolicyCheck;
}

/** Of the statements of one policy, the one that says most. */
function strongest(checks: readonly PolicyCheck[]): PolicyCheck[] {
  const byPolicy = new Map<string, PolicyCheck>();
  for (const check of checks) {
    const known = byPolicy.get(check.policy_id);
    const isStronger =
      known === undefined || RESULTS.indexOf(check.result) < RESULTS.indexOf(known.result);
    if (isStronger) byPolicy.set(check.policy_id, check);
  }
  return [...byPolicy.values()];
}

function stored(set: CompiledSet, input: DecisionInput): PolicyCheck[] {
  const open = openCase(set, input);
  const answer = consult(open);
  if ('failure' in answer) throw new Error(answer.failure);
  const forbidding = new Set<unknown>(answer.forbidding);
  const erring = new Map<unknown, string>(
    answer.erring.map(({ statement, error }) => [statement, error]),
  );
  const concerned = [...open.concerned.values()];
  return strongest(concerned.map((one) => checkOf(open, one, { forbidding, erring })));
}

/** Built-in rules first, then the stored policies in the order of their layers. Never throws. */
export function checkAll(set: CompiledSet, input: DecisionInput): readonly PolicyCheck[] {
  const { broken } = set;
  try {
    if (broken === null) return [...builtins(input), ...stored(set, input)];
    const { policy_id } = broken.policy;
    const rule = 'policy_error';
    return [...builtins(input), { policy_id, rule, result: 'errs', explanation: broken.message }];
  } catch (error) {
    const [policy_id, rule] = ['builtin:policy_engine', 'policy_error'] as const;
    return [{ policy_id, rule, result: 'errs', explanation: messageOf(error) }];
  }
}
