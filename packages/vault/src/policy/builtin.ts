/** The rules that hold for every call, whatever policies an app has. */
import { outsideScopes } from './scope-map.ts';
import { tokenGrant, tokenRun, tokenScope } from './token-rules.ts';
import type { BuiltinRule, DecisionInput, Json } from './types.ts';

export interface BuiltinDenial {
  readonly rule: BuiltinRule;
  readonly compared: Record<string, Json>;
  readonly explanation: string;
}

export const builtinId = (rule: BuiltinRule) => `builtin:${rule}`;

/** A service acts for the whole app, so only a grant for all of the app is open to it. */
function delegation({ actor, grant }: DecisionInput): BuiltinDenial | null {
  if (grant.agents === '*') return null;
  if (actor.type === 'agent' && grant.agents.includes(actor.id)) return null;
  return {
    rule: 'delegation',
    compared: { actor_type: actor.type, actor_id: actor.id, agents_listed: grant.agents.length },
    explanation: `The grant ${grant.grant_id} is not delegated to ${actor.type} ${actor.id}.`,
  };
}

function grantStatus({ grant }: DecisionInput): BuiltinDenial | null {
  if (grant.status === 'active') return null;
  return {
    rule: 'grant_status',
    compared: { status: grant.status },
    explanation: `The grant ${grant.grant_id} is ${grant.status}.`,
  };
}

function grantExpiry({ grant, now }: DecisionInput): BuiltinDenial | null {
  if (grant.expires_at === undefined || now.getTime() < Date.parse(grant.expires_at)) return null;
  return {
    rule: 'grant_expiry',
    compared: { expires_at: grant.expires_at, now: now.toISOString() },
    explanation: `The grant ${grant.grant_id} expired at ${grant.expires_at}.`,
  };
}

function scopes({ grant, request }: DecisionInput): BuiltinDenial | null {
  if (grant.scopes.length === 0) return null;
  const granted = new Set(grant.scopes);
  const missing = request.scopes.filter((scope) => !granted.has(scope));
  if (missing.length === 0) return null;
  return {
    rule: 'scope',
    compared: { scopes_granted: [...grant.scopes], scopes_missing: missing },
    explanation: `The grant ${grant.grant_id} does not have the scope ${missing[0] ?? ''}.`,
  };
}

type Rule = (input: DecisionInput) => BuiltinDenial | null;
type Rules = readonly (readonly [BuiltinRule, Rule])[];

const OF_TOKENS: Rules = [
  ['token_grant', tokenGrant],
  ['token_run', tokenRun],
  ['token_scope', tokenScope],
];
const OF_ALL: Rules = [
  ['delegation', delegation],
  ['grant_status', grantStatus],
  ['grant_expiry', grantExpiry],
  ['scope', scopes],
];
const OF_SCOPE_MAPS: Rules = [['scope_map', outsideScopes]];

/** What holds for a call, in the order in which it is asked. */
function rulesFor({ token, scope_map }: DecisionInput): Rules {
  if (token === undefined && scope_map === undefined) return OF_ALL;
  const ofToken = token === undefined ? [] : OF_TOKENS;
  return [...ofToken, ...OF_ALL, ...(scope_map === undefined ? [] : OF_SCOPE_MAPS)];
}

/** Ids of the built-in rules that hold for every call, sorted. */
const IDS_OF_ALL: readonly string[] = OF_ALL.map(([rule]) => builtinId(rule)).sort();

/** Ids of the built-in rules that hold for a call, sorted. */
export function builtinIds(input: DecisionInput): readonly string[] {
  const rules = rulesFor(input);
  return rules === OF_ALL ? IDS_OF_ALL : rules.map(([rule]) => builtinId(rule)).sort();
}

/** Every rule that holds for a call, with what it says. */
export function builtinChecks(input: DecisionInput) {
  return rulesFor(input).map(([rule, check]) => ({ rule, denial: check(input) }));
}

/** The first rule that denies: of the token, delegation, status, expiry, scope, scope map; or null. */
export function builtinDenial(input: DecisionInput): BuiltinDenial | null {
  for (const [, rule] of rulesFor(input)) {
    const denial = rule(input);
    if (denial !== null) return denial;
  }
  return null;
}
