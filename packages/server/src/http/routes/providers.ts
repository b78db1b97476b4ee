import {
  AffidavitError,
  newId,
  ProviderBody,
  ProviderPatch,
  type Json,
  type ProviderAuth,
  type ScopeMap,
} from '@affidavit/schema';
import { checkScopeMap, clientSecretPurpose } from '@affidavit/vault';
import type { z } from 'zod';

import type { ProvidersTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Providers: where a service is, and how its credential is attached. */

const admin = { access: 'admin', tag: 'vault' } as const;

async function createProvider(context: Context<z.infer<typeof ProviderBody>>) {
  const { services, app, body } = context;
  const provider_id = newId('provider');
  const { name, base_url, timeout_ms, scope_map } = body;
  const { auth, client_secret } = apart(body.auth);
  if (scope_map) checkScopeMap(scope_map);
  const scopes = scope_map === undefined ? {} : { scope_map: scope_map as Json };
  const now = services.now();
  const args = { provider_id, name, base_url, auth: auth as unknown as Json, ...scopes };
  await administer(context, { event_type: 'provider.created', provider: name, provider_id, args }, [
    {
      op: 'insert',
      table: 'providers',
      row: {
        app: app.app,
        provider_id,
        name,
        base_url,
        auth: JSON.stringify(auth),
        sealed_client_secret: sealed(context, provider_id, client_secret),
        timeout_ms: timeout_ms ?? null,
        scope_map: scope_map === undefined ? null : JSON.stringify(scope_map),
        created_at: now,
        updated_at: now,
      },
    },
  ]);
  return { provider_id, name, base_url, auth, ...scopes };
}

/** The secret of an OAuth client is sealed, and kept and shown nowhere else. */
function apart(given: z.infer<typeof ProviderBody>['auth']) {
  if (given.type !== 'oauth2') return { auth: given, client_secret: undefined };
  const { client_secret, ...auth } = given;
  return { auth, client_secret };
}

function sealed({ services }: Context, provider_id: string, secret: string | undefined) {
  if (secret === undefined) return null;
  return services.keyring.seal(secret, clientSecretPurpose(provider_id));
}

/** A secret that is not given again stays, where it would go to the same place. */
function sealedAgain(
  context: Context,
  old: ProvidersTable,
  { auth, client_secret }: ReturnType<typeof apart>,
): string | null {
  const before = JSON.parse(old.auth) as ProviderAuth;
  if (client_secret !== undefined) return sealed(context, old.provider_id, client_secret);
  if (auth.type !== 'oauth2' || before.type !== 'oauth2') return null;
  const isSame =
    auth.token_endpoint_auth_method !== 'none' &&
    auth.client_id === before.client_id &&
    auth.issuer === before.issuer &&
    auth.token_endpoint === before.token_endpoint &&
    auth.revocation_endpoint === before.revocation_endpoint &&
    auth.introspection_endpoint === before.introspection_endpoint;
  return isSame ? old.sealed_client_secret : null;
}

async function providerById(
  { services, app }: Context,
  provider_id: string,
): Promise<ProvidersTable> {
  const [row] = await services.directory.rows('providers', { app: app.app, provider_id });
  if (!row) throw missing('provider_id', provider_id);
  return row;
}

async function updateProvider(context: Context<z.infer<typeof ProviderPatch>>) {
  const { services, app, body } = context;
  const old = await providerById(context, context.params.provider_id as string);
  const { provider_id, name } = old;
  const given = body.auth && apart(body.auth);
  if (body.scope_map) checkScopeMap(body.scope_map);
  const set = {
    base_url: body.base_url ?? old.base_url,
    auth: given ? JSON.stringify(given.auth) : old.auth,
    sealed_client_secret: given ? sealedAgain(context, old, given) : old.sealed_client_secret,
    timeout_ms: body.timeout_ms ?? old.timeout_ms,
    scope_map: newScopeMap(body.scope_map, old.scope_map),
    updated_at: services.now(),
  };
  const args = {
    provider_id,
    name,
    base_url: set.base_url,
    auth: JSON.parse(set.auth) as string,
    ...(body.scope_map === undefined ? {} : { scope_map: body.scope_map as Json }),
  };
  await administer(context, { event_type: 'provider.updated', provider: name, provider_id, args }, [
    { op: 'update', table: 'providers', where: { app: app.app, provider_id }, set },
  ]);
  return showProvider({ ...old, ...set });
}

/** As text: the new one, none where it was taken away, else the old one. */
function newScopeMap(given: ScopeMap | null | undefined, old: string | null): string | null {
  if (given === undefined) return old;
  return given === null ? null : JSON.stringify(given);
}

async function deleteProvider(context: Context) {
  const { services, app } = context;
  const { provider_id, name } = await providerById(context, context.params.provider_id as string);
  const grants = await services.directory.grantsOn(app.app, name);
  if (grants.length > 0) {
    throw new AffidavitError('conflict', `${grants.length} grants still use ${name}`, {
      advice: 'Revoke the grants on the provider first.',
    });
  }
  const args = { provider_id, name };
  await administer(context, { event_type: 'provider.deleted', provider: name, provider_id, args }, [
    { op: 'delete', table: 'providers', where: { app: app.app, provider_id } },
  ]);
  return { provider_id };
}

const showProvider = (row: ProvidersTable) =>
  present({
    ...row,
    sealed_client_secret: null,
    auth: JSON.parse(row.auth) as object,
    scope_map: row.scope_map === null ? null : (JSON.parse(row.scope_map) as ScopeMap),
  });

export const providerRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/providers',
    summary: 'Say where a service is and how its credential is attached',
    status: 201,
    body: ProviderBody,
    errors: CHANGE_ERRORS,
    handler: createProvider,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/providers',
    summary: 'List providers',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('providers', { app: app.app }, 'provider_id');
      return pageOf(rows.map(showProvider), (row) => String(row.provider_id), query);
    },
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/providers/:provider_id',
    summary: 'Change a provider',
    body: ProviderPatch,
    errors: CHANGE_ERRORS,
    handler: updateProvider,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/providers/:provider_id',
    summary: 'Delete a provider without grants',
    errors: CHANGE_ERRORS,
    handler: deleteProvider,
  }),
];
