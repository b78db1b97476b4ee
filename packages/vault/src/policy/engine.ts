/**
 * Deciding calls. Delegation permits; built-in rules and stored policies forbid; whatever
 * cannot be evaluated denies.
 *
 * Cedar skips a `forbid` that errs, and so would allow: any error, any failure and any trap is
 * a denial here. No schema is given when deciding: policies are validated when they are saved,
 * the context is built from the same table as the schema, and checking it again costs 0.05 ms.
 */
import { builtinDenial } from './builtin.ts';
import { checkAll } from './checks.ts';
import { compileSet, messageOf } from './compiled-set.ts';
import type { CompiledSet, PlacedStatement } from './compiled-set.ts';
import { consult } from './consult.ts';
import {
  allow,
  allowCounted,
  awaitApproval,
  denyAmbiguousPath,
  denyBroken,
  denyBuiltin,
  denyErred,
  denyFailed,
  denyForbidden,
  openCase,
} from './verdicts.ts';
import type { Case } from './verdicts.ts';
import type { Decision, DecisionInput, PolicyCheck, StoredPolicy } from './types.ts';

export interface PolicyEngine {
  /**
   * Prepares the policies of an app; the caller keeps the result until they change. Never
   * throws: a policy that cannot be used makes a set that denies everything, in its name.
   * With `unknown`, statements that look at something of that, or that require something of a
   * call, are left out: what is not known yet cannot decide.
   */
  compile(policies: readonly StoredPolicy[], unknown?: ReadonlySet<string>): CompiledSet;
  /** Decides one call. Never throws; the same set and input give the same decision. */
  decide(set: CompiledSet, input: DecisionInput): Decision;
  /** Everything that is looked at for a call, each with what it says. Never throws. */
  check(set: CompiledSet, input: DecisionInput): readonly PolicyCheck[];
}

/**
 * Statements are numbered in the order of layers and of their policies' ids, so the first of
 * those that Cedar names, in whatever order, decides. What nothing lifts comes before what
 * errs, and both before what is only required.
 */
function decideByCedar(open: Case): Decision {
  const { set, facts } = open;
  const answer = consult(open);
  if ('failure' in answer) return denyFailed(set, facts.input, answer.failure);
  const { decision, forbidding, erring, strayErrors } = answer;
  const unliftable = forbidding.find(({ requirement }) => requirement === null);
  if (unliftable !== undefined) return denyForbidden(open, unliftable);
  const [erred] = erring;
  if (erred !== undefined) return denyErred(open, erred.statement, erred.error);
  if (strayErrors > 0) return denyFailed(set, facts.input, 'Cedar names an error of no policy');
  if (decision === 'allow') return allow(open);
  if (forbidding.length === 0) return denyFailed(set, facts.input, 'Cedar denied without a reason');
  return decideRequired(open, forbidding);
}

/** All that forbids is lifted by what it requires. */
function decideRequired(open: Case, requiring: readonly PlacedStatement[]): Decision {
  const asking = requiring.filter(({ requirement }) => requirement?.kind === 'approval');
  const waits = asking.length > 0 && open.facts.input.approved !== true;
  return waits ? awaitApproval(open, asking) : allowCounted(open, requiring);
}

function decide(set: CompiledSet, input: DecisionInput): Decision {
  const settled = denyBroken(set);
  if (settled !== null) return settled;
  try {
    const builtin = input.past === true ? null : builtinDenial(input);
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
  return { compile: compileSet, decide, check: checkAll };
}
