import { AffidavitError, ConnectBody } from '@affidavit/schema';
import type { FastifyReply } from 'fastify';

import { CALLBACK_PATH, startConnect } from '../../grants/connect-start.ts';
import { finishConnect, type Finished } from '../../grants/connect-finish.ts';
import type { ConnectsTable } from '../../store/tables.ts';
import { CHANGE_ERRORS } from '../administer.ts';
import { page } from '../page.ts';
import { searchOf } from '../read-request.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Connecting an account: a person consents at an OAuth server, and a grant comes of it. */

/** What a person reads where they are not sent on. */
const SAID: Readonly<Record<string, string>> = {
  access_denied: 'You did not allow the access. Nothing was connected.',
  expired: 'This took too long, and the link has expired. Ask for a new one.',
  replayed: 'This link was used before. Ask for a new one.',
  other_account: 'This is another account than the one that was connected before.',
  grant_revoked: 'The connection was revoked meanwhile.',
};
const FAILED = 'The account could not be connected. Ask for a new link, and try again.';
const UNKNOWN = 'This link is not one of ours, or it is too old.';
const NO_TRAIL = 'This could not be put on the record just now, so nothing was connected.';

async function callback(context: Context): Promise<undefined> {
  const { services, reply, query, sourceIp, userAgent } = context;
  // The address has the code and the state in it.
  reply.header('referrer-policy', 'no-referrer');
  try {
    const endUser = { source_ip: sourceIp, user_agent: userAgent };
    const finished = await finishConnect(services, searchOf(query), endUser);
    if (!finished) return page(reply, 400, 'Not connected', UNKNOWN);
    return answer(reply, finished);
  } catch (error) {
    if (!(error instanceof AffidavitError) || error.status !== 503) throw error;
    return page(reply, 503, 'Not connected', NO_TRAIL);
  }
}

function answer(reply: FastifyReply, { status, error, connect }: Finished): undefined {
  const { return_url, connect_id } = connect;
  const isConnected = status === 'connected';
  if (return_url === null) {
    const text = isConnected
      ? 'The account is connected. You can close this page.'
      : SAID[error ?? ''];
    const title = isConnected ? 'Connected' : 'Not connected';
    return page(reply, isConnected ? 200 : 400, title, text ?? FAILED);
  }
  const target = new URL(return_url);
  target.searchParams.set('connect_id', connect_id);
  target.searchParams.set('status', status);
  if (error !== undefined) target.searchParams.set('error', error);
  void reply.redirect(target.href, 303);
  return undefined;
}

async function showConnect({ services, app, params, identity }: Context) {
  const connect_id = params.connect_id as string;
  const where = { app: app.app, connect_id };
  const [row] = await services.directory.rows('connects', where);
  if (!row || !isTheirs(row, identity)) throw missing('connect_id', connect_id);
  const { grant_id, error, provider } = row;
  return {
    connect_id,
    provider,
    status: shownStatus(row, services.now()),
    ...(grant_id === null ? {} : { grant_id }),
    ...(error === null ? {} : { error }),
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
  };
}

/** An agent sees what it began itself. */
function isTheirs({ started_by }: ConnectsTable, { agent }: Context['identity']): boolean {
  if (!agent) return true;
  return (JSON.parse(started_by) as { agent_id?: string }).agent_id === agent.agent_id;
}

function shownStatus({ status, expires_at }: ConnectsTable, now: number): string {
  if (status === 'pending' && expires_at <= now) return 'expired';
  return status === 'exchanging' ? 'pending' : status;
}

export const connectRoutes: readonly Route[] = [
  route({
    access: 'grants:connect',
    tag: 'vault',
    method: 'POST',
    path: '/v1/connect',
    summary: 'Begin to connect an account; the answer says where its owner consents',
    status: 201,
    body: ConnectBody,
    errors: [...CHANGE_ERRORS, 'provider_unreachable', 'egress_blocked', 'idempotency_mismatch'],
    handler: startConnect,
  }),
  route({
    access: 'public',
    tag: 'vault',
    method: 'GET',
    path: CALLBACK_PATH,
    summary: 'Where an OAuth server sends the owner of an account back to',
    callback: true,
    produces: 'text/html',
    handler: callback,
  }),
  route({
    access: 'grants:connect',
    tag: 'vault',
    method: 'GET',
    path: '/v1/connect/:connect_id',
    summary: 'How a connect stands, and the grant that came of it',
    errors: ['not_found'],
    handler: showConnect,
  }),
];
