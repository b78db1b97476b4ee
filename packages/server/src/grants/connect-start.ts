import { AffidavitError, newId, type ConnectBody, type OAuth2Auth } from '@affidavit/schema';
import { partyOf, type Provider } from '@affidavit/vault';

import { administer, requestFields } from '../http/administer.ts';
import { missing } from '../http/refusals.ts';
import type { Context } from '../http/route.ts';
import type { ConnectsTable, GrantsTable } from '../store/tables.ts';
import { hashOfState, newState, newVerifier, sealExchange } from './connect-state.ts';

/** How long a person has to consent. */
export const CONNECT_MS = 10 * 60_000;
export const CALLBACK_PATH = '/v1/connect/callback';

type Start = Context<ConnectBody>;

interface Wanted {
  readonly provider: Provider & { readonly auth: OAuth2Auth };
  readonly principal: { type: string; id: string; email?: string | undefined };
  readonly agents: readonly string[] | '*';
  readonly scopes: readonly string[];
  /** The grant that is to be re-authenticated. */
  readonly grant: GrantsTable | null;
}

/**
 * Begins a connect: the entry says who wants what for whom, and its transaction keeps what the
 * callback will need. Rejects with `invalid_request`, `not_found`, `conflict`, `forbidden`, and
 * where the OAuth server cannot be found out about `provider_unreachable`, `egress_blocked`.
 */
export async function startConnect(context: Start) {
  const { services, app, body } = context;
  checkReturnUrl(context);
  const wanted = body.grant_id === undefined ? await forNew(context) : await forGrant(context);
  const connect_id = newId('connect');
  const state = newState(app.app);
  const exchange = {
    verifier: newVerifier(),
    nonce: newVerifier(),
    redirect_uri: `${services.publicUrl()}${CALLBACK_PATH}`,
  };
  const party = partyOf(wanted.provider, services.keyring)!;
  const { scopes } = wanted;
  const url = await services.oauth.client.authorizationUrl(party, { ...exchange, scopes, state });
  const expires_at = services.now() + CONNECT_MS;
  const row: ConnectsTable = {
    ...aboutOf(wanted),
    app: app.app,
    connect_id,
    state_hash: hashOfState(state),
    status: 'pending',
    return_url: body.return_url ?? null,
    sealed_exchange: sealExchange(services.keyring, connect_id, exchange),
    started_by: JSON.stringify(requestFields(context)),
    error: null,
    replayed: 0,
    created_at: services.now(),
    expires_at,
    ended_at: null,
  };
  await administer(context, { event_type: 'grant.connect_started', ...connectFacts(row) }, [
    { op: 'insert', table: 'connects', row: { ...row } },
  ]);
  return { connect_id, url, expires_at: new Date(expires_at).toISOString() };
}

function aboutOf({ provider, principal, agents, scopes, grant }: Wanted) {
  return {
    provider: provider.name,
    provider_id: provider.provider_id,
    grant_id: grant?.grant_id ?? null,
    reauthenticates: grant ? 1 : 0,
    principal_type: principal.type,
    principal_id: principal.id,
    principal_email: principal.email ?? null,
    agents: JSON.stringify(agents),
    scopes: JSON.stringify(scopes),
  };
}

/** What the entries of a connect say of it. */
export function connectFacts(row: ConnectsTable) {
  const { grant_id, principal_email, connect_id } = row;
  const scopes = JSON.parse(row.scopes) as string[];
  return {
    provider: row.provider,
    provider_id: row.provider_id,
    grant_kind: 'oauth' as const,
    ...(grant_id === null ? {} : { grant_id }),
    principal_type: row.principal_type as 'user',
    principal_id: row.principal_id,
    ...(principal_email === null ? {} : { principal_email }),
    ...(scopes.length === 0 ? {} : { scope_requested: scopes }),
    context: { connect_id },
    args: { connect_id, agents: JSON.parse(row.agents) as string[] },
  };
}

/** A grant that is not there yet. */
async function forNew(context: Start): Promise<Wanted> {
  const { body } = context;
  const { provider: name, principal } = body;
  if (name === undefined || principal === undefined) {
    const field = name === undefined ? 'provider' : 'principal';
    throw invalid(`${field} is missing`, field, 'provider and principal, or grant_id');
  }
  const provider = await oauthProvider(context, name);
  const agents = await allowedAgents(context);
  return { provider, principal, agents, scopes: body.scopes ?? provider.auth.scopes, grant: null };
}

/** A grant whose owner consents again: it stays the same one. */
async function forGrant(context: Start): Promise<Wanted> {
  const { services, app, body, identity } = context;
  const grant_id = body.grant_id as string;
  const grant = await services.directory.grantRow(app.app, grant_id);
  if (!grant) throw missing('grant_id', grant_id);
  const agents = JSON.parse(grant.agents) as string[] | '*';
  const { agent } = identity;
  if (agent && agents !== '*' && !agents.includes(agent.agent_id))
    throw missing('grant_id', grant_id);
  if (grant.kind !== 'oauth' || grant.revoked_at !== null) {
    const why = grant.kind === 'oauth' ? 'has been revoked' : 'has a secret and no tokens';
    throw new AffidavitError('conflict', `grant ${grant_id} ${why}`, { field: 'grant_id' });
  }
  checkSame('provider', body.provider, grant.provider);
  checkSame('principal', body.principal?.id, grant.principal_id);
  checkSame('principal', body.principal?.type, grant.principal_type);
  checkSame('agents', body.agents && JSON.stringify(body.agents), grant.agents);
  const provider = await oauthProvider(context, grant.provider);
  const held = await services.oauth.store.read(app.app, grant_id);
  const email = grant.principal_email ?? undefined;
  return {
    provider,
    principal: { type: grant.principal_type, id: grant.principal_id, email },
    agents,
    scopes: body.scopes ?? held?.scopes ?? provider.auth.scopes,
    grant,
  };
}

function checkSame(field: string, given: string | undefined, own: string): void {
  if (given === undefined || given === own) return;
  throw invalid(`the grant has another ${field}`, field, `${own}, or leave it out`);
}

async function oauthProvider({ services, app }: Start, name: string): Promise<Wanted['provider']> {
  const provider = await services.directory.provider(app.app, name);
  if (!provider) throw missing('provider', name);
  const { auth } = provider;
  if (auth.type === 'oauth2') return { ...provider, auth };
  throw invalid(`${name} has no OAuth server`, 'provider', 'a provider with auth of type oauth2');
}

/** Who is left out gets nothing: a grant can be delegated later. An agent asks for itself alone. */
async function allowedAgents({ services, app, body, identity }: Start) {
  const own = identity.agent?.agent_id;
  const agents = body.agents ?? (own === undefined ? [] : [own]);
  if (own !== undefined && (agents === '*' || agents.some((one) => one !== own))) {
    throw new AffidavitError('forbidden', 'an agent connects for itself alone', {
      field: 'agents',
      expected: own,
    });
  }
  for (const agent of agents === '*' ? [] : agents) {
    if (!(await services.directory.agent(app.app, agent))) throw missing('agents', agent);
  }
  return agents;
}

function checkReturnUrl({ services, body }: Start): void {
  const { return_origins } = services.config;
  if (body.return_url === undefined || return_origins.length === 0) return;
  if (return_origins.includes(new URL(body.return_url).origin)) return;
  throw invalid(
    'return_url leads to where nobody may be sent',
    'return_url',
    `an address of ${return_origins.join(', ')}`,
  );
}

function invalid(message: string, field: string, expected: string): AffidavitError {
  return new AffidavitError('invalid_request', message, { field, expected });
}
