import { AffidavitError, GrantBody, GrantPatch, LIMITS, newId } from '@affidavit/schema';
import type { z } from 'zod';

import { checkGrant } from '../../grants/check.ts';
import { deleteGrant, revokeGrant } from '../../grants/end.ts';
import { lastUseOf } from '../../grants/last-use.ts';
import { grantEvent, showGrant, type GrantStatus } from '../../grants/entry.ts';
import type { GrantsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';
import { liveSecret } from './secrets.ts';

/** Grants: which agents may use a secret on behalf of whom. */

const admin = { access: 'admin', tag: 'vault' } as const;

async function createGrant(context: Context<z.infer<typeof GrantBody>>) {
  const { services, app, body } = context;
  const provider = await services.directory.provider(app.app, body.provider);
  if (!provider) throw missing('provider', body.provider);
  const secret = await liveSecret(context, body.secret_id);
  if (secret.provider !== body.provider) {
    throw new AffidavitError('invalid_request', `the secret is for ${secret.provider}`, {
      field: 'secret_id',
      expected: `a secret of ${body.provider}`,
    });
  }
  await checkAgents(context, body.agents);
  const grant_id = newId('grant');
  const now = services.now();
  const row: GrantsTable = {
    app: app.app,
    grant_id,
    provider: provider.name,
    provider_id: provider.provider_id,
    kind: body.kind,
    secret_id: body.secret_id,
    principal_type: body.principal.type,
    principal_id: body.principal.id,
    principal_email: body.principal.email ?? null,
    agents: JSON.stringify(body.agents),
    scopes: JSON.stringify(body.scopes ?? []),
    created_at: now,
    updated_at: now,
    expires_at: body.expires_at === undefined ? null : Date.parse(body.expires_at),
    revoked_at: null,
    needs_reauth_at: null,
    expired_at: null,
  };
  await administer(context, grantEvent('grant.created', row), [
    { op: 'insert', table: 'grants', row: { ...row } },
  ]);
  return showGrant(row, services.now());
}

async function checkAgents({ services, app }: Context, agents: readonly string[] | '*') {
  if (agents === '*') return;
  for (const agent of agents) {
    if (!(await services.directory.agent(app.app, agent))) throw missing('agents', agent);
  }
}

async function liveGrant({ services, app }: Context, grantId: string): Promise<GrantsTable> {
  const row = await services.directory.grantRow(app.app, grantId);
  if (!row) throw missing('grant_id', grantId);
  if (row.revoked_at === null) return row;
  throw new AffidavitError('conflict', `grant ${grantId} has been revoked`, { field: 'grant_id' });
}

async function updateGrant(context: Context<z.infer<typeof GrantPatch>>) {
  const { services, app, body } = context;
  const old = await liveGrant(context, context.params.grant_id as string);
  if (body.agents) await checkAgents(context, body.agents);
  // What is not named stays, whoever changes it meanwhile.
  const set = {
    ...(body.agents ? { agents: JSON.stringify(body.agents) } : {}),
    ...(body.scopes ? { scopes: JSON.stringify(body.scopes) } : {}),
    ...(body.expires_at ? { expires_at: Date.parse(body.expires_at), expired_at: null } : {}),
    updated_at: services.now(),
  };
  const row = { ...old, ...set };
  const where = { app: app.app, grant_id: old.grant_id, revoked_at: null };
  await administer(context, grantEvent('grant.updated', row), [
    { op: 'update', table: 'grants', where, set },
  ]);
  return showGrant(row, services.now());
}

const STATUSES: readonly GrantStatus[] = ['active', 'expired', 'needs_reauth', 'revoked'];
const GRANT_FILTERS = ['provider', 'principal_id', 'agent_id', 'status'] as const;
/** Most grants of a page that says when each was used last. */
const USED_MAX = 100;

/** Those that fit all that is asked for; with `last_used=true` each says when it was used last. */
async function listGrants(context: Context) {
  const { services, app, query } = context;
  const isUsed = single(query, 'last_used') === 'true';
  readLimit(query, isUsed ? USED_MAX : LIMITS.pageEntries);
  const [provider, principal, agent, status] = GRANT_FILTERS.map((name) => single(query, name));
  if (status !== undefined && !(STATUSES as readonly string[]).includes(status)) {
    throw new AffidavitError('invalid_request', 'status is not valid', {
      field: 'status',
      expected: `one of ${STATUSES.join(', ')}`,
    });
  }
  const rows = await services.directory.rows('grants', { app: app.app }, 'grant_id');
  const shown = rows.map((row) => showGrant(row, services.now()));
  const found = shown.filter((row) => {
    const agents = row.agents as readonly string[] | '*';
    return (
      (provider === undefined || row.provider === provider) &&
      (principal === undefined || (row.principal as { id: string }).id === principal) &&
      (agent === undefined || agents === '*' || agents.includes(agent)) &&
      (status === undefined || row.status === status)
    );
  });
  const page = pageOf(found, (row) => String(row.grant_id), query);
  return isUsed ? { ...page, data: await withUses(context, page.data) } : page;
}

/** What is looked up in the trail for it is on the record like all that is read of it. */
async function withUses(context: Context, rows: readonly Record<string, unknown>[]) {
  await recordRead(context, 'grants_last_used', {
    provider: single(context.query, 'provider') ?? null,
  });
  return Promise.all(
    rows.map(async (row) => {
      const last_used_at = await lastUseOf(context, String(row.grant_id));
      return last_used_at === null ? row : { ...row, last_used_at };
    }),
  );
}

async function endGrant(context: Context) {
  const live = await liveGrant(context, context.params.grant_id as string);
  const { row, ...about } = await revokeGrant(context, live);
  return { ...showGrant(row, context.services.now()), ...about };
}

export const grantRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/grants',
    summary: 'Let agents use a secret on behalf of a principal',
    status: 201,
    body: GrantBody,
    errors: CHANGE_ERRORS,
    handler: createGrant,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/grants',
    summary: 'List grants',
    query: [...LIST_QUERY, ...GRANT_FILTERS, 'last_used'],
    errors: ['query_timeout', 'overloaded', 'audit_unavailable'],
    handler: listGrants,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/grants/:grant_id',
    summary: 'Show a grant',
    errors: ['not_found'],
    handler: async ({ services, app, params }) => {
      const row = await services.directory.grantRow(app.app, params.grant_id as string);
      if (!row) throw missing('grant_id', params.grant_id as string);
      return showGrant(row, services.now());
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/grants/:grant_id',
    summary: 'Change agents, scopes or expiry of a grant',
    body: GrantPatch,
    errors: CHANGE_ERRORS,
    handler: updateGrant,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/grants/:grant_id',
    summary: 'Revoke a grant at once',
    errors: CHANGE_ERRORS,
    handler: endGrant,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/grants/:grant_id/check',
    summary: 'Ask the OAuth server of a grant how it stands, and which scopes it has',
    errors: [...CHANGE_ERRORS, 'provider_unreachable'],
    handler: checkGrant,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/grants/:grant_id/delete',
    summary: 'Revoke a grant where it is not, and delete what is stored of it',
    errors: CHANGE_ERRORS,
    handler: deleteGrant,
  }),
];
