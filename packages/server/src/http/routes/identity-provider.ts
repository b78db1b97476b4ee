import {
  AffidavitError,
  Audience,
  IdentityProviderBody,
  IdTokenTestBody,
  type Role,
} from '@affidavit/schema';
import type { z } from 'zod';

import { identityProviderPurpose } from '../../access/identity-provider.ts';
import { signInOperator, signInUser } from '../../access/sign-in.ts';
import type { IdentityProvidersTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { present } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';

/** Identity providers: who says who operators are, and who wallet users are. */

const owners = { access: 'admin', ownersOnly: true, tag: 'access' } as const;

function namedAudience({ query }: Context): Audience {
  const named = Audience.safeParse(single(query, 'audience') ?? 'operators');
  if (named.success) return named.data;
  throw new AffidavitError('invalid_request', 'there is no such audience', {
    field: 'audience',
    expected: 'operators or wallet',
  });
}

async function stored({ services, app }: Context, audience: Audience) {
  const where = { app: app.app, audience };
  const [row] = await services.directory.rows('identity_providers', where);
  return row ?? null;
}

async function known(context: Context, audience: Audience): Promise<IdentityProvidersTable> {
  const row = await stored(context, audience);
  if (row) return row;
  throw new AffidavitError('not_found', `there is no identity provider for ${audience}`, {
    field: 'audience',
    advice: 'Name one with PUT /v1/identity-provider.',
  });
}

const list = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

async function putProvider(context: Context<z.infer<typeof IdentityProviderBody>>) {
  const { services, app, body } = context;
  const { audience, issuer, client_id, scopes } = body;
  await services.idTokens.describe(issuer, client_id);
  const old = await stored(context, audience);
  const now = services.now();
  const row: IdentityProvidersTable = {
    app: app.app,
    audience,
    issuer,
    client_id,
    sealed_client_secret: sealedSecret(context, old),
    scopes: JSON.stringify(scopes),
    role_claim: body.role_claim ?? null,
    roles: list(body.roles),
    email_domains: list(body.email_domains),
    principal_claim: audience === 'wallet' ? (body.wallet?.principal_claim ?? 'sub') : null,
    created_at: old?.created_at ?? now,
    // Always another time than before: it tells whether the row was changed since it was read.
    updated_at: old ? Math.max(now, old.updated_at + 1) : now,
  };
  const changed = row.sealed_client_secret !== (old?.sealed_client_secret ?? null);
  const event = providerEvent(old ? 'identity_provider.updated' : 'identity_provider.created', row);
  const args = { ...event.args, credential_changed: changed };
  const { app: number, audience: name, ...set } = row;
  const where = { app: number, audience: name, updated_at: old?.updated_at ?? 0 };
  await administer(context, { ...event, args }, [
    old
      ? { op: 'update', table: 'identity_providers', where, set }
      : { op: 'insert', table: 'identity_providers', row: { ...row } },
  ]);
  return showProvider(row);
}

/** A secret goes to its own issuer and nowhere else: another one needs its own. */
function sealedSecret(
  { services, app, body }: Context<z.infer<typeof IdentityProviderBody>>,
  old: IdentityProvidersTable | null,
): string | null {
  const { audience, issuer, client_id, client_secret } = body;
  if (client_secret !== undefined) {
    return services.keyring.seal(client_secret, identityProviderPurpose(app.app, audience));
  }
  const isSame = old?.issuer === issuer && old.client_id === client_id;
  return isSame ? old.sealed_client_secret : null;
}

function showProvider(row: IdentityProvidersTable) {
  const { sealed_client_secret, principal_claim, scopes, roles, email_domains, ...rest } = row;
  return present({
    ...rest,
    scopes: JSON.parse(scopes) as string[],
    roles: roles === null ? null : (JSON.parse(roles) as Record<string, Role>),
    email_domains: email_domains === null ? null : (JSON.parse(email_domains) as string[]),
    wallet: principal_claim === null ? null : { principal_claim },
    client_authenticates: sealed_client_secret !== null,
  });
}

function providerEvent(event_type: string, row: IdentityProvidersTable) {
  const { created_at: _c, updated_at: _u, ...shown } = showProvider(row);
  return { event_type, args: shown as Record<string, string> };
}

async function deleteProvider(context: Context) {
  const audience = namedAudience(context);
  const row = await known(context, audience);
  const { app, updated_at } = row;
  await administer(context, providerEvent('identity_provider.deleted', row), [
    { op: 'delete', table: 'identity_providers', where: { app, audience, updated_at } },
  ]);
  return { audience };
}

/** Checks an ID token as a sign-in does, without signing anybody in. */
async function testIdToken(context: Context<z.infer<typeof IdTokenTestBody>>) {
  const { services, app, body } = context;
  const { audience, id_token, nonce } = body;
  const provider = await known(context, audience);
  const { issuer, client_id } = provider;
  try {
    const claims = await services.idTokens.verify(id_token, { issuer, client_id, nonce });
    if (audience === 'wallet') return { verified: true, ...signInUser(claims, provider) };
    const operators = await services.directory.rows('operators', { app: app.app });
    return { verified: true, ...signInOperator(claims, provider, operators) };
  } catch (error) {
    if (!(error instanceof AffidavitError) || error.code !== 'unauthorized') throw error;
    return { verified: false, may_sign_in: false, why: error.message };
  }
}

export const identityProviderRoutes: readonly Route[] = [
  route({
    ...owners,
    method: 'PUT',
    path: '/v1/identity-provider',
    summary: 'Name the OpenID Connect provider of operators, or of wallet users',
    body: IdentityProviderBody,
    errors: [...CHANGE_ERRORS, 'provider_unreachable'],
    handler: putProvider,
  }),
  route({
    ...owners,
    method: 'GET',
    path: '/v1/identity-provider',
    summary: 'Show the identity provider of an audience, without its secret',
    query: ['audience'],
    errors: ['not_found'],
    handler: async (context) => showProvider(await known(context, namedAudience(context))),
  }),
  route({
    ...owners,
    method: 'DELETE',
    path: '/v1/identity-provider',
    summary: 'Take the identity provider of an audience away',
    query: ['audience'],
    errors: CHANGE_ERRORS,
    handler: deleteProvider,
  }),
  route({
    ...owners,
    method: 'POST',
    path: '/v1/identity-provider/test',
    summary: 'Say who a person with this ID token would be, without signing them in',
    body: IdTokenTestBody,
    errors: ['not_found', 'provider_unreachable'],
    handler: testIdToken,
  }),
];
