import { requestFields, administer } from '../http/administer.ts';
import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import type { Effect } from '../store/port.ts';
import type { GrantsTable } from '../store/tables.ts';
import { grantEvent, showGrant } from './entry.ts';
import { firstTry, revokeAtProvider, type ProviderRevocation } from './revoke-at-provider.ts';

/** The end of a grant: revoked here at once and at its OAuth server as soon as can be, or deleted. */

interface Revoked {
  readonly row: GrantsTable;
  /** Of an OAuth grant. */
  readonly provider_revocation?: ProviderRevocation;
}

/** Rejects with `conflict` where somebody else revokes it now. */
export async function revokeGrant(context: Context, live: GrantsTable): Promise<Revoked> {
  const { services, app } = context;
  const revoked_at = services.now();
  const row = { ...live, revoked_at };
  const where = { app: app.app, grant_id: live.grant_id, revoked_at: null };
  const isOAuth = live.kind === 'oauth';
  const effects: Effect[] = [{ op: 'update', table: 'grants', where, set: { revoked_at } }];
  if (isOAuth) effects.push(firstTry(live, revoked_at));
  await administer(context, grantEvent('grant.revoked', live), effects);
  if (!isOAuth) return { row };
  const actor = requestFields(context);
  return { row, provider_revocation: await revokeAtProvider(services, app, row, 1, actor) };
}

/** What is stored of a grant goes; what was done with it stays on the record. */
export async function deleteGrant(context: Context) {
  const { services, app, params } = context;
  const grant_id = params.grant_id as string;
  const found = await services.directory.grantRow(app.app, grant_id);
  if (!found) throw missing('grant_id', grant_id);
  const revoked = found.revoked_at === null ? await revokeGrant(context, found) : null;
  const where = { app: app.app, grant_id };
  const pending =
    revoked?.provider_revocation === 'pending' || (await isPending(context, grant_id));
  const provider_revocation = pending ? 'given_up' : revoked?.provider_revocation;
  const about = provider_revocation === undefined ? {} : { provider_revocation };
  await administer(context, grantEvent('grant.deleted', found, about), [
    { op: 'delete', table: 'grants', where },
    { op: 'delete', table: 'oauth_tokens', where, any: true },
    { op: 'delete', table: 'connects', where, any: true },
  ]);
  const shown = showGrant(found, services.now());
  return { ...shown, status: 'deleted', ...about };
}

async function isPending({ services, app }: Context, grant_id: string): Promise<boolean> {
  const [row] = await services.directory.rows('oauth_tokens', { app: app.app, grant_id });
  return row !== undefined && row.sealed_access_token !== '';
}
