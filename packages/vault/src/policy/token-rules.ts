/** The rules that a minted token makes: its grant, its run and its scopes, and no others. */
import type { BuiltinDenial } from './builtin.ts';
import type { DecisionInput } from './types.ts';

export function tokenGrant({ token, grant }: DecisionInput): BuiltinDenial | null {
  if (token === undefined || token.grant_id === grant.grant_id) return null;
  return {
    rule: 'token_grant',
    compared: { token_id: token.token_id, grant_id: token.grant_id, grant_asked: grant.grant_id },
    explanation: `The token ${token.token_id} is for another grant than ${grant.grant_id}.`,
  };
}

export function tokenRun({ token, request }: DecisionInput): BuiltinDenial | null {
  if (token === undefined || token.run_id === null || token.run_id === request.run_id) return null;
  const { token_id, run_id } = token;
  return {
    rule: 'token_run',
    compared: { token_id, run_id, run_asked: request.run_id ?? null },
    explanation: `The token ${token_id} is for the run ${run_id}, not for another.`,
  };
}

export function tokenScope({ token, request }: DecisionInput): BuiltinDenial | null {
  if (token === undefined || token.scopes.length === 0) return null;
  const granted = new Set(token.scopes);
  const missing = request.scopes.filter((scope) => !granted.has(scope));
  if (missing.length === 0) return null;
  return {
    rule: 'token_scope',
    compared: { scopes_granted: [...token.scopes], scopes_missing: missing },
    explanation: `The token ${token.token_id} does not have the scope ${missing[0] ?? ''}.`,
  };
}
