import type { CallBody } from '@affidavit/schema';

/** What a minted token holds its calls to. */
export interface TokenBounds {
  readonly token_id: string;
  readonly grant_id: string;
  /** Empty: no fewer than the grant has. */
  readonly scopes: readonly string[];
  readonly run_id: string | null;
  readonly task_context: string | null;
}

/** A call by a token: what it does not say is taken from the token. */
export function withinBounds(body: CallBody, token: TokenBounds | undefined): CallBody {
  if (token === undefined) return body;
  const { grant_id, scopes, run_id, task_context } = token;
  const namesGrant = body.grant_id !== undefined || body.provider !== undefined;
  const namesScopes = body.scopes !== undefined && body.scopes.length > 0;
  return {
    ...body,
    ...(namesGrant ? {} : { grant_id }),
    ...(namesScopes || scopes.length === 0 ? {} : { scopes: [...scopes] }),
    ...(body.run_id === undefined && run_id !== null ? { run_id } : {}),
    ...(body.task_context === undefined && task_context !== null ? { task_context } : {}),
  };
}
