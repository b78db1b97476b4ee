/** The rules that hold for every call, whatever policies say. */

export const BUILTIN: Readonly<Record<string, string>> = {
  'builtin:delegation':
    'An agent may use a grant only if the grant was delegated to it, or to all agents.',
  'builtin:grant_status':
    'A grant that was revoked, or whose owner has to sign in again, cannot be used.',
  'builtin:grant_expiry': 'A grant cannot be used after the time at which it expires.',
  'builtin:scope': 'A call cannot ask for scopes that its grant does not have.',
  'builtin:scope_map':
    'Where a provider says which methods and paths each scope opens, a call stays within its scopes.',
  'builtin:token_grant': 'A minted token works with the one grant that it was minted for.',
  'builtin:token_run': 'A token that was minted for a run works in that run only.',
  'builtin:token_scope': 'A minted token never has more scopes than it was minted with.',
  'builtin:token_life': 'A minted token cannot be used after it has expired or was revoked.',
  'builtin:governance': 'A verb that says so is blocked, or waits for the approval of a person.',
  'builtin:policy_engine': 'Where policies cannot be evaluated, every call is refused.',
};
