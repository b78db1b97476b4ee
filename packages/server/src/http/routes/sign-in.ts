import { AffidavitError, Audience } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import { cookieText, readCookie } from '../../access/cookies.ts';
import { HOME_APP_ID } from '../../access/directory.ts';
import {
  finishSignIn,
  NotSignedIn,
  partyOf,
  providerOf,
  recordNotSignedIn,
  scopesOf,
  type SignInError,
} from '../../sign-in/openid.ts';
import {
  newRandom,
  openPending,
  PENDING_MS,
  sealPending,
  wayBack,
  wayToError,
  type PendingSignIn,
} from '../../sign-in/pending.ts';
import { findApp, searchOf, single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';

/** Signing in with an identity provider: there with a browser, and back. */

const CALLBACK_PATH = '/v1/sign-in/callback';
const open = { access: 'public', tag: 'access', method: 'GET' } as const;

function audienceOf({ query }: Context): Audience {
  const named = Audience.safeParse(single(query, 'audience') ?? 'operators');
  if (named.success) return named.data;
  throw new AffidavitError('invalid_request', 'there is no such audience', {
    field: 'audience',
    expected: 'operators or wallet',
  });
}

/** Of the app that is named. An app that is not there looks the same as one without a provider. */
async function namedProvider(context: Context, audience: Audience) {
  const app_id = single(context.query, 'app_id') ?? HOME_APP_ID;
  const app = await findApp(context.services.directory, app_id);
  const provider = app ? await providerOf(context, app.app, audience) : null;
  return app && provider ? { app, provider } : null;
}

async function showWays(context: Context) {
  const audience = audienceOf(context);
  const found = await namedProvider(context, audience);
  if (!found) return { audience, oidc: null };
  const search = new URLSearchParams({ audience, app_id: found.app.app_id });
  const { issuer } = found.provider;
  return { audience, oidc: { issuer, start: `/v1/sign-in/start?${search}` } };
}

function lead({ reply }: Context, to: string): undefined {
  // Where it leads from has a code and a state in it.
  void reply.header('referrer-policy', 'no-referrer').redirect(to, 303);
  return undefined;
}

const fail = (context: Context, audience: Audience, error: SignInError) =>
  lead(context, wayToError(audience, error));

async function start(context: Context): Promise<undefined> {
  const { services, query, reply } = context;
  const audience = audienceOf(context);
  const to = wayBack(audience, single(query, 'to'));
  const found = await namedProvider(context, audience);
  if (!found) return fail(context, audience, 'not_set_up');
  const { app, provider } = found;
  const { issuer, client_id } = provider;
  const pending: PendingSignIn = {
    app: app.app,
    audience,
    issuer,
    client_id,
    state: newRandom(),
    verifier: newRandom(),
    nonce: newRandom(),
    redirect_uri: `${services.publicUrl()}${CALLBACK_PATH}`,
    to,
    expires_at: services.now() + PENDING_MS,
  };
  const asked = { ...pending, scopes: scopesOf(provider) };
  try {
    const url = await services.oauth.client.authorizationUrl(partyOf(context, provider), asked);
    const sealed = sealPending(services.keyring, pending);
    reply.header('set-cookie', pendingCookie(context, sealed, PENDING_MS / 1000));
    return lead(context, url);
  } catch (error) {
    if (!(error instanceof AffidavitError) || error.status === 500) throw error;
    return fail(context, audience, 'unreachable');
  }
}

const pendingCookie = ({ services }: Context, value: string, seconds: number): string =>
  cookieText('sign_in', value, seconds, services.publicUrl());

/** What a browser brings back; anyone may have written it. */
async function callback(context: Context): Promise<undefined> {
  const { services, query, reply } = context;
  const sealed = readCookie(reply.request.headers.cookie, 'sign_in', services.publicUrl());
  const pending = sealed && openPending(services.keyring, sealed, services.now());
  const app = pending ? await services.directory.appByNumber(pending.app) : null;
  if (!pending || !app) return fail(context, 'operators', 'expired');
  const { audience } = pending;
  // Good once, whatever comes of it.
  const forgotten = pendingCookie(context, '', 0);
  reply.header('set-cookie', forgotten);
  try {
    services.attempts.admit(context.sourceIp);
    const begun = await finishSignIn(context, app, pending, searchOf(query));
    void reply.removeHeader('set-cookie').header('set-cookie', [forgotten, begun.cookie]);
    return lead(context, pending.to);
  } catch (error) {
    return fail(context, audience, await whyNot(context, app, pending, error));
  }
}

async function whyNot(
  context: Context,
  app: AppRef,
  pending: PendingSignIn,
  error: unknown,
): Promise<SignInError> {
  if (error instanceof AffidavitError && [429, 503].includes(error.status)) return 'unavailable';
  if (!(error instanceof NotSignedIn)) throw error;
  context.services.attempts.failed(context.sourceIp);
  await recordNotSignedIn(context, app, pending, error);
  return error.code;
}

export const signInRoutes: readonly Route[] = [
  route({
    ...open,
    path: '/v1/sign-in',
    summary: 'How people can sign in to the portal, or to the wallet',
    query: ['audience'],
    handler: showWays,
  }),
  route({
    ...open,
    path: '/v1/sign-in/start',
    summary: 'Sends a browser to the identity provider',
    query: ['audience', 'to'],
    produces: 'text/html',
    status: 303,
    handler: start,
  }),
  route({
    ...open,
    path: CALLBACK_PATH,
    summary: 'Where an identity provider sends a person back to',
    callback: true,
    produces: 'text/html',
    status: 303,
    handler: callback,
  }),
];
