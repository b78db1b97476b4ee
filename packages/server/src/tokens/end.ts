import type { AuditEvent } from '@affidavit/schema';

import type { Effect } from '../store/port.ts';
import type { TokensTable } from '../store/tables.ts';

/** How a token ends: the entry, and the change of its row, which only one can make. */
export function endToken(
  token: TokensTable,
  state: 'revoked' | 'expired',
  now: number,
): { readonly event: AuditEvent; readonly effect: Effect } {
  const { app, token_id, agent_id, grant_id, provider, run_id, task_context } = token;
  const event: AuditEvent = {
    event_type: `token.${state}`,
    token_id,
    grant_id,
    provider,
    ...(agent_id === null ? {} : { agent_id }),
    ...(run_id === null ? {} : { run_id }),
    ...(task_context === null ? {} : { task_context }),
    args: {
      key_id: token.key_id,
      scopes: JSON.parse(token.scopes) as string[],
      minted_at: new Date(token.created_at).toISOString(),
      expires_at: new Date(token.expires_at).toISOString(),
    },
  };
  const where = { app, token_id, state: 'live' };
  const effect: Effect = {
    op: 'update',
    table: 'tokens',
    where,
    set: { state, ended_at: now },
  };
  return { event, effect };
}
