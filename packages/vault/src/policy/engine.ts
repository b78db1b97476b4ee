/**
 * Deciding calls. Delegation permits; built-in rules and stored policies forbid; whatever
 * cannot be evaluated denies.
 *
 * Cedar skips a `forbid` that errs, and so would allow: any error, any failure and any trap is
 * a denial here. No schema is given when deciding: policies are validated when they are saved,
 * the context is built from the same table as the schema, and checking it again costs 0.05 ms.
 */
import { builtinDenial, builtinId, builtinIds } from './builtin.ts';
import type { BuiltinDenial } from './builtin.ts';
import { authorize, preparePolicies } from './cedar.ts';
import type { PolicyTexts } from './cedar.ts';
import { cedarCall, comparedValues } from './context.ts';
import type { CallFacts } from './context.ts';
import { policyForRecord, policyInWords, sha256Hex, templateReasoning } from './explain.ts';
import { readPath } from './path.ts';
import { coveringRule } from './scope-map.ts';
import { readPolicyText } from './syntax.ts';
import type { Statement } from './syntax.ts';
import type { Decision, DecisionInput, DecisionRule, Json, StoredPolicy } from './types.ts';

interface PlacedStatement extends Statement {
  readonly policy: StoredPolicy;
}

/** Policies ready to decide. Bound to nothing that needs closing; drop it when it is replaced. */
export interface CompiledSet {
  /** Stands for ids and texts of all policies in it. */
  readonly sha256: string;
  /** The policy that cannot be used, smallest id first; while there is one, all is denied. */
  readonly broken: { readonly policy: StoredPolicy; readonly message: string } | null;
  /** By the id each has inside Cedar. */
  readonly statements: ReadonlyMap<string, PlacedStatement>;
  readonly texts: PolicyTexts;
  readonly reads: ReadonlySet<string>;
  readonly zones: readonly string[];
}

export interface PolicyEngine {
  /**
   * Prepares the policies of an app; the caller keeps the result until they change. Never
   * throws: a policy that cannot be used makes a set that denies everything, in its name.
   * Statements that look at something `unknown` are left out: what is not known yet cannot decide.
   */
  compile(policies: readonly StoredPolicy[], unknown?: ReadonlySet<string>): CompiledSet;
  /** Decides one call. Never throws; the same set and input give the same decision. */
  decide(set: CompiledSet, input: DecisionInput): Decision;
}

/** Named when the policies as a whole could not be evaluated. */
const ENGINE_ID = 'builtin:policy_engine';

const PERMIT_ID = 'delegation';
const PERMIT_TEXT = 'permit (principal, action, resource);';

const byId = (a: StoredPolicy, b: StoredPolicy) => (a.policy_id < b.policy_id ? -1 : 1);

const NOTHING: ReadonlySet<string> = new Set();

function compile(policies: readonly StoredPolicy[], unknown = NOTHING): CompiledSet {
  const sorted = [...policies].sort(byId);
  const statements = new Map<string, PlacedStatement>();
  let broken: CompiledSet['broken'] = null;
  for (const policy of sorted) {
    const read = readPolicyText(policy.cedar);
    if ('message' in read) broken ??= { policy, message: read.message };
    else {
      for (const one of read) {
        if (![...one.reads].some((name) => unknown.has(name)))
          statements.set(`s${statements.size}`, { ...one, policy });
      }
    }
  }
  const placed = [...statements];
  const texts = Object.fromEntries([
    [PERMIT_ID, PERMIT_TEXT],
    ...placed.map(([id, { text }]) => [id, text]),
  ]);
  return {
    sha256: sha256Hex(JSON.stringify(sorted.map(({ policy_id, cedar }) => [policy_id, cedar]))),
    broken: broken ?? (statements.size === 0 ? null : prepareFault(texts, sorted[0])),
    statements,
    texts,
    reads: new Set(placed.flatMap(([, { reads }]) => [...reads])),
    zones: [...new Set(placed.flatMap(([, { zones }]) => [...zones]))],
  };
}

/** Each text parsed alone, so this is not expected; still, nothing is decided without it. */
function prepareFault(texts: PolicyTexts, first: StoredPolicy | undefined): CompiledSet['broken'] {
  try {
    const message = preparePolicies(texts);
    return message === null || first === undefined ? null : { policy: first, message };
  } catch (error) {
    return first === undefined ? null : { policy: first, message: messageOf(error) };
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const ruleOf = ({ template }: StoredPolicy): DecisionRule => template?.kind ?? 'cedar';

interface Denial {
  readonly policy_id: string;
  readonly rule: DecisionRule;
  readonly checked: readonly string[];
  readonly context: Record<string, Json>;
  readonly explanation: string;
}

const deny = ({ policy_id, rule, checked, context, explanation }: Denial): Decision => ({
  policy_decision: 'DENY',
  policy_id,
  rule,
  policies_checked: checked,
  policy_context: { rule, ...context },
  explanation,
});

function denyBroken({ broken, sha256 }: CompiledSet): Decision | null {
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

function denyBuiltin(denial: BuiltinDenial, input: DecisionInput): Decision {
  const { rule, compared, explanation } = denial;
  const checked = builtinIds(input);
  return deny({ policy_id: builtinId(rule), rule, checked, context: { compared }, explanation });
}

/** A call being decided by a set: the facts, and the statements whose scope it is in. */
interface Case {
  readonly set: CompiledSet;
  readonly facts: CallFacts;
  readonly concerned: ReadonlyMap<string, PlacedStatement>;
  readonly checked: readonly string[];
}

function openCase(set: CompiledSet, input: DecisionInput): Case {
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

function denyAmbiguousPath({ set, facts, concerned, checked }: Case): Decision | null {
  const { ambiguity, path } = facts.path;
  if (ambiguity === null) return null;
  for (const { effect, reads, policy } of concerned.values()) {
    if (effect !== 'forbid' || !(reads.has('path') || reads.has('url'))) continue;
    return deny({
      policy_id: policy.policy_id,
      rule: ruleOf(policy),
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

function denyForbidden({ set, facts, checked }: Case, statement: PlacedStatement): Decision {
  const { policy, reads } = statement;
  const reasoning = templateReasoning(policy.template, facts);
  return deny({
    policy_id: policy.policy_id,
    rule: ruleOf(policy),
    checked,
    context: {
      policy: policyForRecord(policy),
      policy_set_sha256: set.sha256,
      compared: reasoning?.compared ?? comparedValues(facts, reads),
    },
    explanation: `${policyInWords(policy)} ${reasoning?.because ?? 'forbids this call'}.`,
  });
}

function denyErred({ set, checked }: Case, { policy }: PlacedStatement, error: string): Decision {
  return deny({
    policy_id: policy.policy_id,
    rule: 'policy_error',
    checked,
    context: { policy: policyForRecord(policy), policy_set_sha256: set.sha256, error },
    explanation: `${policyInWords(policy)} could not be evaluated, so the call is denied: ${error}.`,
  });
}

/** The last resort: something failed that no policy can be named for. */
const denyFailed = ({ sha256 }: CompiledSet, input: DecisionInput, error: string): Decision =>
  deny({
    policy_id: ENGINE_ID,
    rule: 'policy_error',
    checked: [...builtinIds(input), ENGINE_ID].sort(),
    context: { policy_set_sha256: sha256, error },
    explanation: `The policies could not be evaluated, so the call is denied: ${error}.`,
  });

const allow = ({ set, facts, checked }: Case): Decision => ({
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

/**
 * Statements are numbered in the order of their policies' ids, so the first of those that
 * Cedar names, in whatever order, is the one with the smallest id.
 */
function decideByCedar(open: Case): Decision {
  const { set, facts } = open;
  const answer = authorize(set.texts, cedarCall(facts, set.reads));
  if (answer.type === 'failure') {
    return denyFailed(set, facts.input, answer.errors[0]?.message ?? 'no answer');
  }
  const { decision, diagnostics } = answer.response;
  const reasons = new Set(diagnostics.reason);
  const errors = new Map(
    diagnostics.errors.map(({ policyId, error }) => [policyId, error.message]),
  );
  for (const [id, statement] of set.statements) {
    if (decision === 'deny' && reasons.has(id)) return denyForbidden(open, statement);
  }
  for (const [id, statement] of set.statements) {
    const error = errors.get(id);
    if (error !== undefined) return denyErred(open, statement, error);
  }
  if (decision === 'allow' && errors.size === 0) return allow(open);
  return denyFailed(set, facts.input, 'Cedar denied without a reason');
}

function decide(set: CompiledSet, input: DecisionInput): Decision {
  const settled = denyBroken(set);
  if (settled !== null) return settled;
  try {
    const builtin = builtinDenial(input);
    if (builtin !== null) return denyBuiltin(builtin, input);
    const open = openCase(set, input);
    // Where no policy is stored, Cedar has nothing to look at.
    if (set.statements.size === 0) return allow(open);
    return denyAmbiguousPath(open) ?? decideByCedar(open);
  } catch (error) {
    return denyFailed(set, input, messageOf(error));
  }
}

/** The engine has no state of its own; prepared sets live in Cedar's module (see cedar.ts). */
export function createPolicyEngine(): PolicyEngine {
  return { compile, decide };
}
