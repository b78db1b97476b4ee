import type { AuditEvent } from '@affidavit/schema';

import type { Grant, Provider } from '../ports.ts';
import type { OAuthResult, TokenSet } from './client.ts';
import type { OAuthFailure } from './endpoint.ts';

/** What the entries about a grant and its tokens say. */

export const SYSTEM = { actor_type: 'system', actor_id: 'affidavit' } as const;

/** Which grant it is about. */
export function grantFacts(grant: Grant, provider: Provider): Partial<AuditEvent> {
  const { principal } = grant;
  return {
    provider: provider.name,
    provider_id: provider.provider_id,
    grant_id: grant.grant_id,
    grant_kind: grant.kind,
    principal_type: principal.type,
    principal_id: principal.id,
    ...(principal.email === undefined ? {} : { principal_email: principal.email }),
  };
}

export function failureArgs({ error, description }: OAuthFailure): Record<string, string> {
  return { error, ...(description === undefined ? {} : { description }) };
}

/** How a refresh that brought nothing ended, as the record says it. */
export function failedOutcome({ kind, error }: OAuthFailure): Partial<AuditEvent> {
  return {
    outcome: kind === 'unreachable' ? 'network_error' : 'provider_error',
    error_code: error,
  };
}

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((scope) => other.includes(scope));

export interface Drift {
  readonly event: AuditEvent;
  /** Of the grant from now on. */
  readonly grantScopes: readonly string[];
}

/**
 * That a server grants other scopes than it did. The grant follows; where an operator allowed less
 * of them, it keeps what of that is left, and never comes to allow more.
 */
export function driftOf(
  { scopes }: Grant,
  before: readonly string[],
  after: readonly string[],
  facts: Partial<AuditEvent>,
): Drift | null {
  if (isSame(before, after)) return null;
  const left = isSame(scopes, before) ? after : scopes.filter((scope) => after.includes(scope));
  const grantScopes = left.length > 0 ? left : scopes;
  const gained = after.filter((scope) => !before.includes(scope));
  const lost = before.filter((scope) => !after.includes(scope));
  const event: AuditEvent = {
    event_type: 'grant.scope_drifted',
    ...facts,
    scope_granted: [...grantScopes],
    scope_downscoped: lost.length > 0,
    outcome: 'success',
    args: { before: [...before], after: [...after], gained, lost },
  };
  return { event, grantScopes };
}

/** Why a refusal means that the refresh token is of no use any more (RFC 6749 section 5.2). */
export function endsGrant(result: OAuthResult<TokenSet>): OAuthFailure | null {
  if (result.ok || result.failure.error !== 'invalid_grant') return null;
  return result.failure;
}
