import type { AuditEvent } from '@affidavit/schema';
import {
  failedOutcome,
  failureArgs,
  openAccessToken,
  openRefreshToken,
  partyOf,
  SYSTEM,
  type AppRef,
  type OAuthFailure,
  type OAuthParty,
} from '@affidavit/vault';

import type { Services } from '../services.ts';
import type { Effect } from '../store/port.ts';
import type { GrantsTable, OAuthTokensTable } from '../store/tables.ts';
import { grantEvent } from './entry.ts';
import { isConflict } from './conflict.ts';
import { toHeld } from './stored-tokens.ts';

/**
 * Telling an OAuth server that a grant was revoked (RFC 7009). It ended here when that was
 * recorded; there it is told at once, and where it does not answer again and again, for about a
 * day. Each try and its end are on the record; after the last the tokens go.
 */

export type Revoking = Pick<Services, 'directory' | 'trail' | 'keyring' | 'now' | 'oauth'>;

/** `none`: there was nothing left to revoke. */
export type ProviderRevocation = 'revoked' | 'pending' | 'failed' | 'unsupported' | 'none';

const ATTEMPTS_MAX = 8;
const PAUSE_MS = 10_000;
const PAUSE_FACTOR = 4;
const PAUSE_MS_MAX = 6 * 3_600_000;
/** Whoever tries has it for so long. */
const TRY_MS = 30_000;

/** What the transaction of the revocation does to the tokens: this process tries first. */
export function firstTry({ app, grant_id }: GrantsTable, now: number): Effect {
  const set = { revoke_due_at: now + TRY_MS, revoke_attempts: 1 };
  return { op: 'update', table: 'oauth_tokens', where: { app, grant_id }, set, any: true };
}

/** Takes up a revocation that is due; null where another process has it. */
export async function nextTry(
  { trail, now }: Revoking,
  { app, grant_id, revoke_due_at, revoke_attempts }: OAuthTokensTable,
): Promise<number | null> {
  const attempt = revoke_attempts + 1;
  const set = { revoke_due_at: now() + TRY_MS, revoke_attempts: attempt };
  const where = { app, grant_id, revoke_due_at };
  try {
    await trail.apply(app, [{ op: 'update', table: 'oauth_tokens', where, set }]);
    return attempt;
  } catch (error) {
    if (isConflict(error)) return null;
    throw error;
  }
}

/** One try, whose turn it is. `actor` says on the entry who caused it. */
export async function revokeAtProvider(
  services: Revoking,
  app: AppRef,
  grant: GrantsTable,
  attempt: number,
  actor: Partial<AuditEvent> = SYSTEM,
): Promise<ProviderRevocation> {
  const { directory, keyring, now, trail } = services;
  const where = { app: app.app, grant_id: grant.grant_id };
  const [row] = await directory.rows('oauth_tokens', where);
  if (!row) return 'none';
  const remove: Effect = { op: 'delete', table: 'oauth_tokens', where, any: true };
  if (row.sealed_access_token === '') {
    await trail.apply(app.app, [remove]);
    return 'none';
  }
  const later = (at: number, made: number): Effect => ({
    op: 'update',
    table: 'oauth_tokens',
    where,
    set: { revoke_due_at: at, revoke_attempts: made },
    any: true,
  });
  if (row.refresh_until !== null && row.refresh_until > now()) {
    // What the refresh brings is what must be revoked.
    await trail.apply(app.app, [later(now() + 1000, attempt - 1)]);
    return 'pending';
  }
  const provider = await directory.provider(app.app, grant.provider);
  const party = provider && partyOf(provider, keyring);
  const told = await tell(services, party, row);
  const isLast = told.final || attempt >= ATTEMPTS_MAX;
  const pause = Math.min(PAUSE_MS_MAX, PAUSE_MS * PAUSE_FACTOR ** (attempt - 1));
  const events = [{ ...actor, ...tokenRevoked(grant, told, attempt, isLast) }];
  const effects = [isLast ? remove : later(now() + pause, attempt)];
  await trail.record({ ...app, events, effects, owed: true });
  return isLast ? told.result : 'pending';
}

interface Told {
  readonly result: ProviderRevocation;
  readonly final: boolean;
  readonly facts: Partial<AuditEvent>;
  readonly failure?: OAuthFailure;
}

async function tell(
  { keyring, oauth }: Revoking,
  party: OAuthParty | null,
  row: OAuthTokensTable,
): Promise<Told> {
  if (!party) return { result: 'unsupported', final: true, facts: {} };
  const held = toHeld(row);
  const refresh = openRefreshToken(keyring, held);
  const answer = await (refresh === null
    ? oauth.client.revoke(party, openAccessToken(keyring, held), 'access_token')
    : oauth.client.revoke(party, refresh, 'refresh_token'));
  const { facts } = answer;
  if (answer.ok) return { result: answer.value ? 'revoked' : 'unsupported', final: true, facts };
  const { failure } = answer;
  return { result: 'failed', final: failure.kind === 'refused', facts, failure };
}

function tokenRevoked(
  grant: GrantsTable,
  { result, facts, failure }: Told,
  attempt: number,
  isLast: boolean,
): AuditEvent {
  const ended = failure
    ? failedOutcome(failure)
    : result === 'revoked'
      ? { outcome: 'success' as const }
      : { outcome: 'error' as const, error_code: 'revocation_unsupported' };
  return {
    ...grantEvent('token.revoked', grant, {
      at_provider: result === 'revoked',
      attempt,
      final: isLast,
      ...(failure ? failureArgs(failure) : {}),
    }),
    ...facts,
    ...ended,
    credential_masked: true,
  };
}
