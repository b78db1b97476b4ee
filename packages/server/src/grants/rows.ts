import type { FreshTokens, TokenSet } from '@affidavit/vault';

import type { ConnectsTable, GrantsTable } from '../store/tables.ts';

/** The rows of a grant that a connect has made. */

export function newGrant(
  row: ConnectsTable,
  grant_id: string,
  { scopes }: FreshTokens,
  now: number,
): GrantsTable {
  const { app, provider, provider_id, principal_type, principal_id, principal_email, agents } = row;
  return {
    app,
    grant_id,
    provider,
    provider_id,
    kind: 'oauth',
    secret_id: null,
    principal_type,
    principal_id,
    principal_email,
    agents,
    scopes: JSON.stringify(scopes),
    created_at: now,
    updated_at: now,
    expires_at: null,
    revoked_at: null,
    needs_reauth_at: null,
    expired_at: null,
  };
}

export function newTokens(
  app: number,
  grant_id: string,
  fresh: FreshTokens,
  { subject }: TokenSet,
) {
  const { scopes, ...sealed } = fresh;
  return {
    app,
    grant_id,
    version: 1,
    ...sealed,
    scopes: JSON.stringify(scopes),
    subject,
    refresh_execution_id: null,
    refresh_until: null,
    lost_execution_id: null,
    revoke_due_at: null,
    revoke_attempts: 0,
  };
}
