import { AffidavitError, type AuditEvent } from '@affidavit/schema';
import {
  driftOf,
  failedOutcome,
  failureArgs,
  grantFacts,
  openAccessToken,
  partyOf,
  type GrantUse,
  type HeldTokens,
} from '@affidavit/vault';

import { requestFields } from '../http/administer.ts';
import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import { statusOf } from './entry.ts';

/**
 * Asks the OAuth server how a grant stands there (RFC 7662), and refreshes a token that it does not
 * take any more. Rejects with `conflict` where the grant needs re-authentication.
 */
export async function checkGrant(context: Context) {
  const { services, app, params } = context;
  const grant_id = params.grant_id as string;
  const use = await useOf(context, grant_id);
  const held = await services.oauth.tokens.current(use);
  const party = partyOf(use.provider, services.keyring)!;
  const asked = await services.oauth.client.introspect(
    party,
    openAccessToken(services.keyring, held),
  );
  const about = { ...requestFields(context), ...grantFacts(use.grant, use.provider) };
  const told = { ...about, ...asked.facts, credential_masked: true, event_type: 'api.called' };
  if (!asked.ok) {
    const args = failureArgs(asked.failure);
    await record(context, { ...told, ...failedOutcome(asked.failure), args });
    throw new AffidavitError('provider_unreachable', `the OAuth server said ${args.error}`);
  }
  const { value } = asked;
  if (value === null) return { grant_id, introspection: 'unsupported' };
  await record(context, { ...told, outcome: 'success' });
  if (value.active) await follow(context, use, held, value.scopes);
  else await services.oauth.tokens.renewed(use, held);
  const row = (await services.directory.grantRow(app.app, grant_id))!;
  return {
    grant_id,
    introspection: value.active ? 'active' : 'refreshed',
    scopes: JSON.parse(row.scopes) as string[],
    status: statusOf(row, services.now()),
  };
}

async function useOf({ services, app }: Context, grant_id: string): Promise<GrantUse> {
  const grant = await services.directory.grant(app.app, grant_id);
  if (!grant) throw missing('grant_id', grant_id);
  const provider = await services.directory.provider(app.app, grant.provider);
  if (!provider) throw missing('provider', grant.provider);
  if (grant.kind === 'oauth' && provider.auth.type === 'oauth2' && grant.revoked_at === null) {
    return { app, grant, provider, caused_by: grant_id };
  }
  const why = grant.revoked_at === null ? 'has no OAuth server' : 'has been revoked';
  throw new AffidavitError('conflict', `grant ${grant_id} ${why}`, { field: 'grant_id' });
}

const record = ({ services, app }: Context, event: AuditEvent) =>
  services.trail.record({ ...app, events: [event] });

/** Where the server grants other scopes than it did, the grant follows. */
async function follow(
  context: Context,
  { app, grant, provider }: GrantUse,
  held: HeldTokens,
  scopes: readonly string[] | null,
): Promise<void> {
  const about = { ...requestFields(context), ...grantFacts(grant, provider) };
  const drift = scopes && driftOf(grant, held.scopes, scopes, about);
  if (!scopes || !drift) return;
  const { grantScopes } = drift;
  const tokens = { ...held, scopes };
  await context.services.oauth.store.change(app, held, [drift.event], {
    kind: 'renewed',
    tokens,
    grantScopes,
  });
}
