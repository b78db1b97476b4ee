/** Reading a Cedar text: its statements, whom they concern and which attributes they look at. */
import { isTimeZone, POLICY_LIMITS } from '@affidavit/schema';
import { CedarTrap, withCedar } from './cedar.ts';
import type { Cedar } from './cedar.ts';
import { CONTEXT_ATTRIBUTES } from './context.ts';
import { layerOfScope } from './layer.ts';
import { NESTING_LIMITS, nestingFault } from './nesting.ts';
import { readRequirement, type Requirement } from './requirement.ts';
import type { DecisionInput, PolicyLayer } from './types.ts';

type ParseAnswer = ReturnType<Cedar['policyToJson']>;
type PolicySyntax = Extract<ParseAnswer, { type: 'success' }>['json'];
type ParseError = Extract<ParseAnswer, { type: 'failure' }>['errors'][number];

export interface Statement {
  /** Cedar text of this statement alone. */
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  readonly layer: PolicyLayer;
  /** What lifts this forbid; null where nothing does. */
  readonly requirement: Requirement | null;
  /** Whether principal and resource of a call are within the scope. */
  readonly concerns: (input: DecisionInput) => boolean;
  /** Attributes of `context` it looks at. */
  readonly reads: ReadonlySet<string>;
  /** Time zones it looks at. */
  readonly zones: ReadonlySet<string>;
}

/** Why a text is no usable policy. `error` is Cedar's own, with its position in the text. */
export interface SyntaxFault {
  readonly message: string;
  readonly expected?: string;
  readonly error?: ParseError;
}

/** Zones one policy may use; each costs about 2 µs a decision. */
const MOST_ZONES = 20;

interface EntityName {
  readonly type: string;
  readonly id: string;
}

type ScopeConstraint = PolicySyntax['principal'] | PolicySyntax['resource'];

/** Entities a thing is: itself and its parents. */
function within(constraint: ScopeConstraint, self: EntityName, parents: EntityName[]): boolean {
  const same = (reference: unknown, one: EntityName) => {
    const named = reference as { __entity?: EntityName } & EntityName;
    const { type, id } = named.__entity ?? named;
    return type === one.type && id === one.id;
  };
  const inside = (held: { entity: unknown } | { slot: string }) =>
    'slot' in held || [self, ...parents].some((one) => same(held.entity, one));
  if (constraint.op === 'All') return true;
  if (constraint.op === '==') return 'slot' in constraint || same(constraint.entity, self);
  if (constraint.op === 'in') return inside(constraint);
  if (constraint.entity_type !== self.type) return false;
  return constraint.in === undefined || inside(constraint.in);
}

/** Judged from principal and resource of the scope; the conditions are Cedar's to decide. */
function scopeOf({ principal, resource }: PolicySyntax): Statement['concerns'] {
  return ({ actor, grant }) =>
    within(principal, { type: actor.type === 'agent' ? 'Agent' : 'Service', id: actor.id }, []) &&
    within(resource, { type: 'Grant', id: grant.grant_id }, [
      { type: 'Provider', id: grant.provider },
    ]);
}

interface Findings {
  readonly attributes: Set<string>;
  readonly reads: Set<string>;
  levels: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isContext = (value: unknown) => isObject(value) && value['Var'] === 'context';

/** Notes `left.attr` and `left has attr`; true when that settles what the left side reads. */
function noteAccess(access: unknown, found: Findings): boolean {
  if (!isObject(access) || !('attr' in access)) return false;
  const path = [access['attr']].flat().filter((name) => typeof name === 'string');
  for (const name of path) found.attributes.add(name);
  if (!isContext(access['left']) || path[0] === undefined) return false;
  found.reads.add(path[0]);
  return true;
}

/** Walks the syntax tree without recursion. Using `context` whole counts as reading all of it. */
function walk(root: unknown): Findings {
  const found: Findings = { attributes: new Set(), reads: new Set(), levels: 0 };
  const rest: { node: unknown; levels: number }[] = [{ node: root, levels: 0 }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { node, levels } = next;
    found.levels = Math.max(found.levels, levels);
    if (!isObject(node)) continue;
    if (isContext(node)) for (const name of CONTEXT_ATTRIBUTES.keys()) found.reads.add(name);
    const settled = noteAccess(node['.'], found) || noteAccess(node['has'], found);
    if (settled) continue;
    for (const child of Object.values(node)) rest.push({ node: child, levels: levels + 1 });
  }
  return found;
}

/** Objects of the tree that make one level of the language: the operator and its operands. */
const OBJECTS_PER_LEVEL = 2;

function readStatement(text: string): Statement | SyntaxFault {
  const answer = withCedar((cedar) => cedar.policyToJson(text));
  if (answer.type === 'failure') return cedarFault(answer.errors[0]);
  const { json } = answer;
  const { attributes, reads, levels } = walk(json.conditions);
  if (json.conditions.length > NESTING_LIMITS.clauses) {
    return tooComplex(`more than ${NESTING_LIMITS.clauses} clauses in one statement`);
  }
  if (levels > NESTING_LIMITS.levels * OBJECTS_PER_LEVEL) {
    return tooComplex(`more than ${NESTING_LIMITS.levels} levels in one expression`);
  }
  const zones = reads.has('local') ? [...attributes].filter(isTimeZone) : [];
  if (zones.length > MOST_ZONES) return tooComplex(`more than ${MOST_ZONES} time zones`);
  const requirement = readRequirement(json.annotations, json.effect);
  if (requirement !== null && 'fault' in requirement) return misrequired(requirement.fault);
  return {
    text,
    effect: json.effect,
    layer: layerOfScope(json),
    requirement,
    concerns: scopeOf(json),
    reads,
    zones: new Set(zones),
  };
}

const tooComplex = (what: string): SyntaxFault => ({
  message: `the policy has ${what}`,
  expected: 'a simpler expression, or several statements',
});

const misrequired = (fault: string): SyntaxFault => ({
  message: fault,
  expected: '@require("approval"), or @require("rate") with @limit and @window_seconds',
});

function cedarFault(error: ParseError | undefined): SyntaxFault {
  if (error === undefined) return { message: 'the policy does not parse' };
  return { message: error.message, error };
}

function sizeFault(text: string): SyntaxFault | null {
  const { cedarBytes } = POLICY_LIMITS;
  if (text.length <= cedarBytes && Buffer.byteLength(text) <= cedarBytes) return null;
  return { message: 'the policy is too long', expected: `at most ${cedarBytes} bytes of Cedar` };
}

function countFault(statements: number, templates: number): SyntaxFault | null {
  const { cedarStatements } = POLICY_LIMITS;
  if (templates > 0) {
    const message = 'the policy has a slot (?principal or ?resource)';
    return { message, expected: 'the entity itself, such as Agent::"agt_…"' };
  }
  if (statements === 0) {
    return { message: 'the policy is empty', expected: 'at least one permit or forbid' };
  }
  if (statements <= cedarStatements) return null;
  const message = `the policy has ${statements} statements`;
  return { message, expected: `at most ${cedarStatements} statements` };
}

function readText(text: string): readonly Statement[] | SyntaxFault {
  const parsed = withCedar((cedar) => cedar.checkParsePolicySet({ staticPolicies: text }));
  const parts = withCedar((cedar) => cedar.policySetTextToParts(text));
  if (parts.type === 'failure') {
    return cedarFault(parsed.type === 'failure' ? parsed.errors[0] : parts.errors[0]);
  }
  const miscounted = countFault(parts.policies.length, parts.policy_templates.length);
  if (miscounted !== null) return miscounted;
  if (parsed.type === 'failure') return cedarFault(parsed.errors[0]);
  const statements: Statement[] = [];
  for (const part of parts.policies) {
    const statement = readStatement(part);
    if ('message' in statement) return statement;
    statements.push(statement);
  }
  return statements;
}

/**
 * The statements of a Cedar text that anyone may have written, or what is wrong with it. Does
 * not validate against the schema. Never throws for what the text says.
 */
export function readPolicyText(text: string): readonly Statement[] | SyntaxFault {
  const oversized = sizeFault(text);
  if (oversized !== null) return oversized;
  const nested = nestingFault(text);
  if (nested !== null) return tooComplex(nested);
  try {
    return readText(text);
  } catch (error) {
    if (!(error instanceof CedarTrap)) throw error;
    return tooComplex('an expression that Cedar cannot take');
  }
}
