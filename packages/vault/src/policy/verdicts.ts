/** The decisions there are, each with its configuration and its reason. */
import { builtinId, builtinIds } from './builtin.ts';
import type { BuiltinDenial } from './builtin.ts';
import type { CompiledSet, PlacedStatement } from './compiled-set.ts';
import { comparedValues } from './context.ts';
import type { CallFacts } from './context.ts';
import { policyForRecord, policyInWords, templateReasoning } from './explain.ts';
import { readPath } from './path.ts';
import { coveringRule } from './scope-map.ts';
import type {
  CountedRate,
  Decision,
  DecisionInput,
  DecisionRule,
  Json,
  PolicyLayer,
} from './types.ts';

/** Named when the policies as a whole could not be evaluated. */
const ENGINE_ID = 'builtin:policy_engine';
/** How long a call waits for a person where its policy does not say. */
const APPROVAL_SECONDS = 86_400;

export const ruleOf = ({ policy, requirement }: PlacedStatement): DecisionRule =>
  requirement?.kind ?? policy.template?.kind ?? 'cedar';

interface Denial {
  readonly policy_id: string;
  readonly rule: DecisionRule;
  readonly layer?: PolicyLayer;
  readonly checked: readonly string[];
  readonly context: Record<string, Json>;
  readonly explanation: string;
}

const deny = ({ policy_id, rule, layer, checked, context, explanation }: Denial): Decision => ({
  policy_decision: 'DENY',
  policy_id,
  rule,
  ...layered(layer),
  policies_checked: checked,
  policy_context: { rule, ...layered(layer), ...context },
  explanation,
});

const layered = (layer: PolicyLayer | undefined) => (layer === undefined ? {} : { layer });

export function denyBroken({ broken, sha256 }: CompiledSet): Decision | null {
  if (broken === null) return null;
  const { policy, message } = broken;
  return deny({
    policy_id: policy.policy_id,
    rule: 'policy_error',
    checked: [policy.policy_id],
    context: { policy: policyForRecord(policy), error: message, policy_set_sha256: sha256 },
    explanation: `${policyInWords(policy)} cannot be used, so every call is denied: ${message}.`,
  });
}

export function denyBuiltin(denial: BuiltinDenial, input: DecisionInput): Decision {
  const { rule, compared, explanation } = denial;
  const checked = builtinIds(input);
  return deny({ policy_id: builtinId(rule), rule, checked, context: { compared }, explanation });
}

/** A call being decided by a set: the facts, and the statements whose scope it is in. */
export interface Case {
  readonly set: CompiledSet;
  readonly facts: CallFacts;
  readonly concerned: ReadonlyMap<string, PlacedStatement>;
  readonly checked: readonly string[];
}

export function openCase(set: CompiledSet, input: DecisionInput): Case {
  const concerned = new Map<string, PlacedStatement>();
  const ids = new Set(builtinIds(input));
  for (const [id, statement] of set.statements) {
    if (!statement.concerns(input)) continue;
    concerned.set(id, statement);
    ids.add(statement.policy.policy_id);
  }
  const facts = { input, path: readPath(input.request.url.pathname), zones: set.zones };
  return { set, facts, concerned, checked: [...ids].sort() };
}

export function denyAmbiguousPath({ set, facts, concerned, checked }: Case): Decision | null {
  const { ambiguity, path } = facts.path;
  if (ambiguity === null) return null;
  for (const statement of concerned.values()) {
    const { effect, reads, policy, layer } = statement;
    if (effect !== 'forbid' || !(reads.has('path') || reads.has('url'))) continue;
    return deny({
      policy_id: policy.policy_id,
      rule: ruleOf(statement),
      layer,
      checked,
      context: {
        policy: policyForRecord(policy),
        policy_set_sha256: set.sha256,
        compared: { path, ambiguity },
      },
      explanation: `${policyInWords(policy)} looks at the path, which is ambiguous: ${ambiguity}.`,
    });
  }
  return null;
}

export function denyForbidden({ set, facts, checked }: Case, statement: PlacedStatement): Decision {
  const { policy, layer } = statement;
  const reasoning = templateReasoning(policy.template, facts);
  return deny({
    policy_id: policy.policy_id,
    rule: ruleOf(statement),
    layer,
    checked,
    context: {
      policy: policyForRecord(policy),
      policy_set_sha256: set.sha256,
      compared: comparedBy(facts, statement),
    },
    explanation: `${policyInWords(policy)} ${reasoning?.because ?? 'forbids this call'}.`,
  });
}

/** What of the call a statement looked at. */
export function comparedBy(facts: CallFacts, { policy, reads }: PlacedStatement) {
  return templateReasoning(policy.template, facts)?.compared ?? comparedValues(facts, reads);
}

/** Nothing but a person's approval is missing; the first statement that asks for it decides. */
export function awaitApproval(open: Case, asking: readonly PlacedStatement[]): Decision {
  const [first] = asking as [PlacedStatement];
  const times = asking.flatMap(({ requirement }) =>
    requirement?.kind === 'approval' ? (requirement.expires_in_seconds ?? APPROVAL_SECONDS) : [],
  );
  return {
    ...denyForbidden(open, first),
    approval: { expires_in_seconds: Math.min(...times) },
    explanation: `${policyInWords(first.policy)} asks for a person's approval.`,
  };
}

function counterOf({ actor, grant }: DecisionInput, per: string | undefined): string {
  if (per === 'agent') return actor.id;
  if (per === 'grant') return grant.grant_id;
  return per === 'principal' ? `${grant.principal.type} ${grant.principal.id}` : '';
}

function countedRate({ facts }: Case, { policy, layer, requirement }: PlacedStatement) {
  if (requirement?.kind !== 'rate') return [];
  const { limit, window_seconds, per } = requirement;
  const counter = counterOf(facts.input, per);
  const { policy_id, name, updated_at: since = 0 } = policy;
  return [{ policy_id, name, layer, limit, window_seconds, counter, since } satisfies CountedRate];
}

/** Allowed as long as the windows of these rates have room. */
export function allowCounted(open: Case, lifted: readonly PlacedStatement[]): Decision {
  const approved = lifted.find(({ requirement }) => requirement?.kind === 'approval');
  const rates = lifted.flatMap((statement) => countedRate(open, statement));
  const base = approved === undefined ? allow(open) : allowApproved(open, approved);
  if (rates.length === 0) return base;
  return { ...base, rates, policy_context: { ...base.policy_context, rates: [...rates] } };
}

function allowApproved(open: Case, statement: PlacedStatement): Decision {
  return {
    ...denyForbidden(open, statement),
    policy_decision: 'ALLOW',
    explanation: `A person approved the call, as ${policyInWords(statement.policy)} asks.`,
  };
}

/** A window that is full. `retry_at` is when its next place comes free, epoch ms. */
export function denyByRate(allowed: Decision, rate: CountedRate, retry_at: number): Decision {
  const { policy_id, name, layer, limit, window_seconds, counter } = rate;
  const again = new Date(retry_at).toISOString();
  const { rates: _, ...rest } = allowed;
  const compared = { limit, window_seconds, used: limit, counter, next_at: again };
  return {
    ...rest,
    retry_at: again,
    policy_decision: 'DENY',
    policy_id,
    rule: 'rate',
    layer,
    policy_context: {
      ...allowed.policy_context,
      rule: 'rate',
      layer,
      policy: { name, template: { kind: 'rate', limit, window_seconds } },
      compared,
    },
    explanation:
      `Policy "${name}" (${policy_id}) allows ${limit} calls in ${window_seconds} seconds, ` +
      `and so many were made; the next may be made at ${again}.`,
  };
}

export function denyErred(open: Case, { policy, layer }: PlacedStatement, error: string): Decision {
  const { set, checked } = open;
  return deny({
    policy_id: policy.policy_id,
    rule: 'policy_error',
    layer,
    checked,
    context: { policy: policyForRecord(policy), policy_set_sha256: set.sha256, error },
    explanation: `${policyInWords(policy)} could not be evaluated, so the call is denied: ${error}.`,
  });
}

/** The last resort: something failed that no policy can be named for. */
export const denyFailed = (
  { sha256 }: CompiledSet,
  input: DecisionInput,
  error: string,
): Decision =>
  deny({
    policy_id: ENGINE_ID,
    rule: 'policy_error',
    checked: [...builtinIds(input), ENGINE_ID].sort(),
    context: { policy_set_sha256: sha256, error },
    explanation: `The policies could not be evaluated, so the call is denied: ${error}.`,
  });

export const allow = ({ set, facts, checked }: Case): Decision => ({
  policy_decision: 'ALLOW',
  policy_id: builtinId('delegation'),
  rule: 'delegation',
  policies_checked: checked,
  policy_context: {
    rule: 'delegation',
    policy_set_sha256: set.sha256,
    compared: {
      actor_id: facts.input.actor.id,
      agents: facts.input.grant.agents === '*' ? '*' : 'listed',
    },
    ...coveringRule(facts.input),
  },
  explanation:
    `The grant ${facts.input.grant.grant_id} is delegated to ` +
    `${facts.input.actor.type} ${facts.input.actor.id}, and no policy forbids the call.`,
});
