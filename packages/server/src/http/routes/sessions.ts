import { AffidavitError, SessionBody, SignInLinkBody } from '@affidavit/schema';
import type { z } from 'zod';

import { endSession, signOut } from '../../sign-in/end.ts';
import { attempting, openLink, signInWithKey, type Begun } from '../../sign-in/begin.ts';
import { linkUrl, newLink } from '../../sign-in/rows.ts';
import type { SessionsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Sessions of operators: signing in with a link or a key, and signing out. */

const owners = { access: 'admin', ownersOnly: true, tag: 'access' } as const;

async function signIn(context: Context<z.infer<typeof SessionBody>>) {
  const { link, key = '' } = context.body;
  const begun = await attempting(context, () =>
    link === undefined ? signInWithKey(context, key) : openLink(context, link, 'operator'),
  );
  context.reply.header('set-cookie', begun.cookie);
  return showBegun(begun);
}

function showBegun({ identity, row }: Begun) {
  const { session_id, name, email, expires_at } = row;
  const { app_id, role } = identity;
  const named = name ?? email;
  return {
    kind: 'operator',
    session_id,
    app_id,
    role,
    ...(named === null ? {} : { name: named }),
    expires_at: new Date(expires_at).toISOString(),
  };
}

async function endOwn(context: Context) {
  const { session } = context.identity;
  if (session) return signOut(context, session);
  throw new AffidavitError('not_found', 'there is no session: the request came with a key', {
    advice: 'Revoke a key with DELETE /v1/keys/{key_id}.',
  });
}

/** A link of an installation key or session opens the whole installation, for an owner alone. */
async function makeLink(context: Context<SignInLinkBody>) {
  const { services, app, body, identity } = context;
  const { role, name = null } = body;
  const isWhole = identity.installation && role === 'owner' && app.app === identity.app;
  const by = identity.session ?? { key_app: identity.app, key_id: identity.key_id };
  const about = { app: app.app, role, name, key_app: by.key_app, key_id: by.key_id };
  const installation = isWhole ? 1 : 0;
  const { row, text } = newLink('operator', { ...about, installation }, services.now());
  const expires_at = new Date(row.expires_at).toISOString();
  const { session_id } = row;
  const args = { session_id, role, ...(name === null ? {} : { name }), expires_at };
  await administer(context, { event_type: 'sign_in_link.created', args }, [
    { op: 'insert', table: 'sessions', row: { ...row } },
  ]);
  return { session_id, url: linkUrl(services.publicUrl(), 'operator', text), expires_at };
}

function showSession(row: SessionsTable, now: number) {
  const { hash, link_hash: _l, key_app: _a, installation, opened_at, ...rest } = row;
  const status = row.ended_at !== null ? 'ended' : row.expires_at <= now ? 'expired' : null;
  return present({
    ...rest,
    opened_at,
    installation: installation === 1,
    status: status ?? (hash === null ? 'waiting' : 'open'),
  });
}

async function listSessions({ services, app, query }: Context) {
  const rows = await services.directory.rows('sessions', { app: app.app }, 'session_id');
  const now = services.now();
  const shown = rows.map((row) => showSession(row, now));
  return pageOf(shown, (row) => String(row.session_id), query);
}

async function endAny(context: Context) {
  const { services, app, params } = context;
  const session_id = params.session_id as string;
  const [row] = await services.directory.rows('sessions', { app: app.app, session_id });
  if (!row) throw missing('session_id', session_id);
  if (row.ended_at === null) return endSession(context, row);
  throw new AffidavitError('conflict', `session ${session_id} has ended`, { field: 'session_id' });
}

export const sessionRoutes: readonly Route[] = [
  route({
    access: 'public',
    tag: 'access',
    method: 'POST',
    path: '/v1/sessions',
    summary: 'Sign in with the token of a one-time link, or with an API key; sets a cookie',
    status: 201,
    body: SessionBody,
    ownIdempotency: true,
    errors: ['unauthorized', 'forbidden', 'rate_limited', 'audit_unavailable', 'overloaded'],
    handler: signIn,
  }),
  route({
    ...owners,
    method: 'GET',
    path: '/v1/sessions',
    summary: 'List who is signed in, and the links that wait to be used',
    query: LIST_QUERY,
    errors: ['invalid_cursor'],
    handler: listSessions,
  }),
  route({
    ...owners,
    method: 'DELETE',
    path: '/v1/sessions/:session_id',
    summary: 'End a session at once, or withdraw a link',
    errors: CHANGE_ERRORS,
    handler: endAny,
  }),
  route({
    access: 'any_key',
    tag: 'access',
    method: 'DELETE',
    path: '/v1/session',
    summary: 'Sign out: end the session of the cookie',
    errors: CHANGE_ERRORS,
    handler: endOwn,
  }),
  route({
    ...owners,
    method: 'POST',
    path: '/v1/sign-in-links',
    summary: 'Make a link that signs one person in, once, within 15 minutes',
    status: 201,
    body: SignInLinkBody,
    errors: CHANGE_ERRORS,
    handler: makeLink,
  }),
];
