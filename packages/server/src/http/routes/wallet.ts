import {
  AffidavitError,
  ErasureRequestBody,
  WalletLinkBody,
  WalletSessionBody,
  type FieldName,
} from '@affidavit/schema';
import type { z } from 'zod';

import type { LedgerHead, LedgerKey } from '../../prove/head.ts';
import { attempting, openLink } from '../../sign-in/begin.ts';
import { signOut } from '../../sign-in/end.ts';
import { linkUrl, newLink } from '../../sign-in/rows.ts';
import type { SessionsTable } from '../../store/tables.ts';
import {
  ACTIVITY_QUERY,
  countActivity,
  CSV_QUERY,
  FACETS,
  FACETS_QUERY,
  showActivity,
} from '../../wallet/activity.ts';
import { endConnection, listConnections, removeAgent } from '../../wallet/connections.ts';
import { sendCsv } from '../../wallet/csv.ts';
import { listErasureRequests, requestErasure } from '../../wallet/erasure-requests.ts';
import { showEvidence } from '../../wallet/evidence.ts';
import { principalOf } from '../../wallet/principal.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { proveConsistency } from './ledger-proofs.ts';
import { listKeys } from './signing-keys.ts';

/** The wallet: what a person sees of what was done with their data, and how they stop it. */

const own = { access: 'wallet', tag: 'wallet' } as const;

/** An application opens the wallet of its user. */
async function makeLink(context: Context<WalletLinkBody>) {
  const { services, app, body, identity } = context;
  if (identity.agent) {
    throw new AffidavitError('forbidden', 'an agent opens nobody’s wallet', {
      expected: 'the key of an application, with the scope wallet:open',
    });
  }
  const { principal_type, principal_id } = body;
  const by = identity.session ?? { key_app: identity.app, key_id: identity.key_id };
  const about = { app: app.app, key_app: by.key_app, key_id: by.key_id };
  const principal = { principal_type, principal_id };
  const { row, text } = newLink('wallet', { ...about, ...principal }, services.now());
  const { session_id } = row;
  const expires_at = new Date(row.expires_at).toISOString();
  const args = { wallet_session_id: session_id, expires_at };
  await administer(context, { event_type: 'wallet.link_created', ...principal, args }, [
    { op: 'insert', table: 'sessions', row: { ...row } },
  ]);
  const url = linkUrl(services.publicUrl(), 'wallet', text);
  return { wallet_session_id: session_id, url, expires_at };
}

async function open(context: Context<z.infer<typeof WalletSessionBody>>) {
  const { link } = context.body;
  const begun = await attempting(context, () => openLink(context, link, 'wallet'));
  context.reply.header('set-cookie', begun.cookie);
  const { session_id, principal_type, principal_id, expires_at } = begun.row;
  return {
    kind: 'wallet',
    session_id,
    app_id: begun.identity.app_id,
    principal_type,
    principal_id,
    expires_at: new Date(expires_at).toISOString(),
  };
}

async function showWallet(context: Context) {
  const { services, app, identity } = context;
  const { how, email } = identity.session as SessionsTable;
  const principal = principalOf(context);
  const where = { app: app.app, ...principal };
  const grants = await services.directory.rows('grants', where, 'grant_id');
  const known = email ?? grants.findLast((grant) => grant.principal_email)?.principal_email;
  const found = await services.directory.appByNumber(app.app);
  return {
    ...principal,
    ...(known ? { email: known } : {}),
    app_name: found?.name ?? app.app_id,
    signed_in_by: how,
    expires_at: new Date(identity.ends_at as number).toISOString(),
  };
}

async function showFacets(context: Context) {
  const field = single(context.query, 'field') as FieldName | undefined;
  if (field !== undefined && FACETS.includes(field)) return countActivity(context, field);
  throw new AffidavitError('invalid_request', 'field is not one that can be counted', {
    field: 'field',
    expected: `one of ${FACETS.join(', ')}`,
  });
}

interface LedgerState {
  readonly head: LedgerHead;
  readonly keys: readonly LedgerKey[];
}

/** What their browser checks their entries against. */
async function showLedger({ services, app }: Context) {
  const { head, keys } = await services.readers.run<LedgerState>('ledger', { app: app.app });
  const current = keys.at(-1) as LedgerKey;
  return {
    origin: current.origin,
    vkey: current.verifier_key,
    size: head.size,
    checkpoint: head.checkpoint,
    keys: keys.map(({ verifier_key: vkey, from_size, to_size }) => ({ vkey, from_size, to_size })),
  };
}

const asking = ['rate_limited', 'query_timeout', 'audit_unavailable'] as const;

export const walletRoutes: readonly Route[] = [
  route({
    access: 'wallet:open',
    tag: 'wallet',
    method: 'POST',
    path: '/v1/wallet/sessions',
    summary: 'Make a link that opens the wallet of a principal, once, within ten minutes',
    status: 201,
    body: WalletLinkBody,
    errors: CHANGE_ERRORS,
    handler: makeLink,
  }),
  route({
    access: 'public',
    tag: 'wallet',
    method: 'POST',
    path: '/v1/wallet/session',
    summary: 'Open a wallet with the token of a one-time link; sets a cookie for an hour',
    status: 201,
    body: WalletSessionBody,
    ownIdempotency: true,
    errors: ['unauthorized', 'rate_limited', 'audit_unavailable', 'overloaded'],
    handler: open,
  }),
  route({
    ...own,
    method: 'DELETE',
    path: '/v1/wallet/session',
    summary: 'Close the wallet',
    errors: CHANGE_ERRORS,
    handler: (context) => signOut(context, context.identity.session as SessionsTable),
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet',
    summary: 'Whose wallet it is, of which app, and until when it is open',
    handler: showWallet,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/connections',
    summary: 'Connections of this person: provider, scopes, agents, since when, last used',
    query: LIST_QUERY,
    errors: ['invalid_cursor', ...asking],
    handler: listConnections,
  }),
  route({
    ...own,
    method: 'DELETE',
    path: '/v1/wallet/connections/:grant_id',
    summary: 'End a connection at once',
    errors: CHANGE_ERRORS,
    handler: endConnection,
  }),
  route({
    ...own,
    method: 'DELETE',
    path: '/v1/wallet/connections/:grant_id/agents/:agent_id',
    summary: 'Take one agent off a connection at once',
    errors: CHANGE_ERRORS,
    handler: removeAgent,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/activity',
    summary: 'What was done with the data of this person, in plain words, the newest first',
    query: ACTIVITY_QUERY,
    errors: ['invalid_cursor', ...asking],
    handler: showActivity,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/activity.csv',
    summary: 'The same as a file for a spreadsheet',
    query: CSV_QUERY,
    streams: true,
    slots: 'longAnswers',
    produces: 'text/csv',
    errors: asking,
    handler: sendCsv,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/activity/facets',
    summary: 'Agents, providers or callers among it, and how often they occur',
    query: FACETS_QUERY,
    errors: asking,
    handler: showFacets,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/activity/:event_id/evidence',
    summary: 'One of these entries with all that it takes to check it offline',
    errors: ['not_found', ...asking],
    handler: showEvidence,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/ledger',
    summary: 'Origin, verifier key, size and checkpoint of the ledger',
    errors: asking,
    handler: showLedger,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/ledger/keys',
    summary: 'The keys of the ledger, each with the proof of how it came in',
    query: LIST_QUERY,
    errors: ['invalid_cursor', ...asking],
    handler: listKeys,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/ledger/proof/consistency',
    summary: 'Proof that the ledger of `new` entries begins with that of `old` entries',
    query: ['old', 'new'],
    errors: ['not_found', ...asking],
    handler: proveConsistency,
  }),
  route({
    ...own,
    method: 'POST',
    path: '/v1/wallet/erasure-requests',
    summary: 'Ask for the data of this person to be erased; an operator decides',
    status: 201,
    body: ErasureRequestBody,
    errors: ['rate_limited', ...CHANGE_ERRORS],
    handler: requestErasure,
  }),
  route({
    ...own,
    method: 'GET',
    path: '/v1/wallet/erasure-requests',
    summary: 'What this person asked to be erased, and whether something was erased since',
    errors: asking,
    handler: listErasureRequests,
  }),
];
