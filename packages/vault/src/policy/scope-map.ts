/** The rule that a provider's scope map makes: a call must be covered by a scope that it holds. */
import { AffidavitError, type ScopeMap, type ScopeRule } from '@affidavit/schema';

import type { BuiltinDenial } from './builtin.ts';
import { readPath, readPathPattern } from './path.ts';
import type { DecisionInput, Json } from './types.ts';

const SHOWN_SCOPES = 20;

/** Refuses a map with a pattern that can be read in two ways. Throws `invalid_request`. */
export function checkScopeMap(map: ScopeMap): void {
  for (const [scope, rules] of Object.entries(map)) {
    for (const [index, { paths = [] }] of rules.entries()) {
      for (const pattern of paths) {
        const read = readPathPattern(pattern);
        if ('pieces' in read) continue;
        throw new AffidavitError('invalid_request', `a path is ambiguous: ${read.fault}`, {
          field: `scope_map.${scope}[${index}].paths`,
          expected: 'a decoded path such as /v1/* without dot segments, empty segments or ;',
        });
      }
    }
  }
}

/** The literal pieces of the patterns of a rule; the rules of a provider live as long as it does. */
const read = new WeakMap<ScopeRule, readonly (readonly string[])[]>();

function piecesOf(rule: ScopeRule): readonly (readonly string[])[] {
  const known = read.get(rule);
  if (known) return known;
  const patterns = (rule.paths ?? ['*']).map(readPathPattern);
  const pieces = patterns.flatMap((pattern) => ('pieces' in pattern ? [pattern.pieces] : []));
  read.set(rule, pieces);
  return pieces;
}

/** Whether a text is the pieces with any characters between them. */
export function fitsPieces(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function fits(rule: ScopeRule, method: string, path: string): boolean {
  const named = rule.methods?.some((one) => one.toUpperCase() === method) ?? true;
  return named && piecesOf(rule).some((pieces) => fitsPieces(path, pieces));
}

interface Cover {
  readonly scope: string;
  readonly rule: ScopeRule;
}

/** What a call holds, at a provider that maps scopes. */
interface Holding {
  readonly scope_map: ScopeMap;
  readonly grant: { readonly scopes: readonly string[] };
  /** That the call asked for; empty where it did not say. */
  readonly scopes: readonly string[];
}

/** What the call asked for, else what the grant has; one that is not limited has all of the map. */
function held({ grant, scopes, scope_map }: Holding): readonly string[] {
  if (scopes.length > 0) return scopes;
  return grant.scopes.length > 0 ? grant.scopes : Object.keys(scope_map);
}

/** The rules that cover an address, one for each of these scopes. */
function covers(map: ScopeMap, scopes: readonly string[], method: string, path: string): Cover[] {
  return scopes.flatMap((scope) => {
    const rules = Object.hasOwn(map, scope) ? (map[scope] ?? []) : [];
    const rule = rules.find((one) => fits(one, method, path));
    return rule === undefined ? [] : [{ scope, rule }];
  });
}

/** Whether an address is within the scopes that are held; one that is ambiguous is not. */
export function isOpen(holding: Holding, url: URL, method: string): boolean {
  const { path, ambiguity } = readPath(url.pathname);
  if (ambiguity !== null) return false;
  return covers(holding.scope_map, held(holding), method.toUpperCase(), path).length > 0;
}

function holdingOf({ grant, request }: DecisionInput, scope_map: ScopeMap): Holding {
  return { scope_map, grant, scopes: request.scopes };
}

/** Denies a call that no scope it holds covers, and one whose path can be read in two ways. */
export function outsideScopes(input: DecisionInput): BuiltinDenial | null {
  const { scope_map, request } = input;
  if (scope_map === undefined) return null;
  const { path, ambiguity } = readPath(request.url.pathname);
  const method = request.method.toUpperCase();
  if (ambiguity !== null) {
    return {
      rule: 'scope_map',
      compared: { method, path, ambiguity },
      explanation: `The scopes of the provider look at the path, which is ambiguous: ${ambiguity}.`,
    };
  }
  const scopes = held(holdingOf(input, scope_map));
  if (covers(scope_map, scopes, method, path).length > 0) return null;
  const opening = covers(scope_map, Object.keys(scope_map), method, path);
  const shown = opening.map(({ scope }) => scope).slice(0, SHOWN_SCOPES);
  const needed = shown.length === 0 ? 'no scope does' : `${shown.join(' or ')} would`;
  return {
    rule: 'scope_map',
    compared: { method, path, scopes_held: scopes.slice(0, SHOWN_SCOPES), allowed_by: shown },
    explanation: `No scope of the call covers ${method} ${path.slice(0, 200)}; ${needed}.`,
  };
}

/** The rule by which an allowed call is within its scopes, for the record. */
export function coveringRule(input: DecisionInput): Record<string, Json> {
  const { scope_map, request } = input;
  if (scope_map === undefined) return {};
  const { path } = readPath(request.url.pathname);
  const scopes = held(holdingOf(input, scope_map));
  const [cover] = covers(scope_map, scopes, request.method.toUpperCase(), path);
  if (cover === undefined) return {};
  return { scope_map: { scope: cover.scope, rule: { ...cover.rule } as Json } };
}
