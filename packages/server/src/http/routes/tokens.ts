import { AffidavitError, TokenBody } from '@affidavit/schema';

import { hasScope } from '../../access/identity.ts';
import type { TokensTable } from '../../store/tables.ts';
import { endToken } from '../../tokens/end.ts';
import type { LiveTokens } from '../../tokens/reads.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, present, readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';
import { callActor } from './calls.ts';

/** Minted tokens: shown once, kept as hashes. */

const calling = { access: 'calls:execute', tag: 'calls' } as const;

async function mintToken(context: Context<TokenBody>) {
  const { services, app, body, identity } = context;
  const { app: keyApp, key_id, ends_at, session } = identity;
  if (session) {
    throw new AffidavitError('forbidden', 'a minted token goes back to an API key', {
      expected: 'an API key',
      advice: 'Mint it with the API key that it is to end with.',
    });
  }
  return services.minter.mint({
    app,
    actor: callActor(context),
    key: { app: keyApp, key_id, ends_at },
    body,
  });
}

/** Who minted it may end it, and whoever administers; to all others it is not there. */
function mayEnd({ identity }: Context, token: TokensTable): boolean {
  if (hasScope(identity, 'admin')) return true;
  const { agent, key_id } = identity;
  return token.key_id === key_id || (agent !== null && agent.agent_id === token.agent_id);
}

async function revokeToken(context: Context) {
  const { services, app } = context;
  const token_id = context.params.token_id as string;
  const [token] = await services.directory.rows('tokens', { app: app.app, token_id });
  if (!token || !mayEnd(context, token)) throw missing('token_id', token_id);
  const now = services.now();
  if (token.state !== 'live' || token.expires_at <= now) {
    const state = token.state === 'revoked' ? 'been revoked' : 'expired';
    throw new AffidavitError('conflict', `token ${token_id} has ${state}`, { field: 'token_id' });
  }
  const { event, effect } = endToken(token, 'revoked', now);
  await administer(context, event, [effect]);
  return { token_id, revoked_at: new Date(now).toISOString() };
}

function showToken({ hash: _hash, key_app: _app, ended_at: _ended, ...row }: TokensTable) {
  return present({ ...row, scopes: JSON.parse(row.scopes) as string[] });
}

const FILTERS = ['agent_id', 'grant_id', 'run_id', 'key_id'] as const;

async function listTokens({ services, app, query }: Context) {
  const limit = readLimit(query);
  const given = FILTERS.map((name) => [name, single(query, name)] as const);
  const request: LiveTokens = {
    app: app.app,
    now: services.now(),
    filter: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    after: single(query, 'cursor') ?? '',
    limit: limit + 1,
  };
  const rows = await services.readers.run<TokensTable[]>('liveTokens', request);
  const data = rows.slice(0, limit);
  const has_more = rows.length > limit;
  return {
    data: data.map(showToken),
    next_cursor: has_more ? (data.at(-1)?.token_id ?? null) : null,
    has_more,
  };
}

export const tokenRoutes: readonly Route[] = [
  route({
    ...calling,
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Mint a short-lived token for one grant, some scopes and a run; it is shown once',
    status: 201,
    body: TokenBody,
    errors: ['policy_denied', 'not_found', 'conflict', 'invalid_context', 'audit_unavailable'],
    handler: mintToken,
  }),
  route({
    access: 'admin',
    tag: 'calls',
    method: 'GET',
    path: '/v1/tokens',
    summary: 'List the tokens that can be used now',
    query: [...LIST_QUERY, ...FILTERS],
    errors: ['query_timeout', 'audit_unavailable'],
    handler: listTokens,
  }),
  route({
    ...calling,
    method: 'DELETE',
    path: '/v1/tokens/:token_id',
    summary: 'Revoke a token at once',
    errors: CHANGE_ERRORS,
    handler: revokeToken,
  }),
];
