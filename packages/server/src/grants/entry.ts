import type { AuditEvent, Json } from '@affidavit/schema';

import { present } from '../http/list.ts';
import type { GrantsTable } from '../store/tables.ts';

/** A grant, as entries and answers tell of it. */

/** `args` of the event go over those of the grant. */
export function grantEvent(
  event_type: string,
  row: GrantsTable,
  args: Readonly<Record<string, Json>> = {},
): AuditEvent {
  const { provider, provider_id, grant_id, secret_id, principal_email, expires_at } = row;
  return {
    event_type,
    provider,
    provider_id,
    grant_id,
    grant_kind: row.kind as 'managed_secret' | 'oauth',
    principal_type: row.principal_type as 'user',
    principal_id: row.principal_id,
    ...(principal_email === null ? {} : { principal_email }),
    scope_granted: JSON.parse(row.scopes) as string[],
    args: {
      ...(secret_id === null ? {} : { secret_id }),
      agents: JSON.parse(row.agents) as string[],
      ...(expires_at === null ? {} : { expires_at: new Date(expires_at).toISOString() }),
      ...args,
    },
  };
}

export type GrantStatus = 'active' | 'expired' | 'needs_reauth' | 'revoked';

export function statusOf(row: GrantsTable, now: number): GrantStatus {
  if (row.revoked_at !== null) return 'revoked';
  if (row.expires_at !== null && row.expires_at <= now) return 'expired';
  return row.needs_reauth_at === null ? 'active' : 'needs_reauth';
}

export function showGrant(row: GrantsTable, now: number) {
  const { principal_type: type, principal_id: id, principal_email: email, ...rest } = row;
  return present({
    ...rest,
    principal: { type, id, ...(email === null ? {} : { email }) },
    agents: JSON.parse(row.agents) as string[],
    scopes: JSON.parse(row.scopes) as string[],
    status: statusOf(row, now),
  });
}
