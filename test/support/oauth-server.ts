import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Provider, type TokenRequest } from 'oidc-provider';

/**
 * For tests: a real OAuth server that rotates refresh tokens and revokes all of a grant when one is
 * used twice, and beside it an API that takes its access tokens.
 */

export const CLIENT_ID = 'affidavit-under-test';
export const CLIENT_SECRET = 'client-secret-0123456789-abcdefghij';

export interface OAuthServer {
  readonly issuer: string;
  /** Below it the API takes access tokens, and says whose they are. */
  readonly api: string;
  /** Tokens that were given out, of any kind. */
  readonly given: string[];
  /** Requests to the token endpoint, by grant type. */
  readonly asked: string[];
  /** Tokens that came to be revoked. */
  readonly revoked: string[];
  /** Calls of the API, with the status each got. */
  readonly calls: number[];
  /** What it does, as of now. */
  readonly behaviour: Behaviour;
  close(): Promise<void>;
}

export interface Behaviour {
  accessTokenSeconds: number;
  /** Ends connections to the token endpoint: before the request is seen, or after it is done. */
  cut: 'before' | 'after' | null;
  /** Waits so long before it looks at a request to the token endpoint. */
  delayMs: number;
  /** Waits so long before it sends the answer of the token endpoint. */
  holdMs: number;
  /** Tokens that the API takes no more. */
  refused: ReadonlySet<string>;
  /** The API takes no token, whatever it is. */
  refusesAll: boolean;
  /** Scopes in answers to a refresh in place of those granted. */
  refreshScope: string | null;
  /** Exchanges no tokens. */
  refusesExchange: boolean;
  /** Scopes of exchanged tokens in place of those asked for. */
  exchangeScope: string | null;
  /** Scopes in answers to an introspection in place of those granted. */
  introspectedScope: string | null;
  /** Answers revocations with this status instead. */
  revocationStatus: number | null;
}

const CALM: Behaviour = {
  accessTokenSeconds: 600,
  cut: null,
  delayMs: 0,
  holdMs: 0,
  refused: new Set(),
  refusesAll: false,
  refreshScope: null,
  refusesExchange: false,
  exchangeScope: null,
  introspectedScope: null,
  revocationStatus: null,
};

/** Clients may send people back to `redirectUri` alone. */
export async function startOAuthServer(redirectUri: string): Promise<OAuthServer> {
  const behaviour = { ...CALM };
  const lists = { given: [], asked: [], revoked: [], calls: [] } as {
    given: string[];
    asked: string[];
    revoked: string[];
    calls: number[];
  };
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = quietly(() => new Provider(issuer, configuration(redirectUri, behaviour)));
  exchangeTokens(provider, behaviour);
  const serve = provider.callback();
  handle = (request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/api/'))
      return void api(provider, behaviour, lists.calls, request, response);
    const body = listen(request);
    if (path === '/token') {
      void body.then((text) => lists.asked.push(new URLSearchParams(text).get('grant_type') ?? ''));
      return void tokenEndpoint(behaviour, lists.given, serve, request, response);
    }
    if (path === '/token/revocation') {
      void body.then((text) => lists.revoked.push(new URLSearchParams(text).get('token') ?? ''));
      if (behaviour.revocationStatus !== null) {
        return void body.then(() => response.writeHead(behaviour.revocationStatus ?? 0).end());
      }
    }
    if (path === '/token/introspection' && behaviour.introspectedScope !== null) {
      changeAnswer(response, (text) => withScope(text, behaviour.introspectedScope ?? ''));
    }
    serve(request, response);
  };
  return {
    issuer,
    api: `${issuer}/api/`,
    ...lists,
    behaviour,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** It warns of what is right in tests: http, forms for everyone, tokens in memory. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function configuration(redirectUri: string, behaviour: Behaviour): object {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'offline_access', 'read', 'write'],
    claims: { openid: ['sub', 'email', 'email_verified', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: true,
        groups: ['everyone', `${id}s`],
      }),
    }),
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    cookies: { keys: ['only for tests'] },
    ttl: {
      AccessToken: () => behaviour.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  };
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** RFC 8693, as far as it makes of an access token one with fewer scopes. */
function exchangeTokens(provider: Provider, behaviour: Behaviour): void {
  const exchange = async (request: TokenRequest) => {
    const { client, params } = request.oidc;
    const found = await provider.AccessToken.find(params.subject_token ?? '');
    const asked = (params.scope ?? '').split(' ');
    const held = new Set(found?.scope.split(' '));
    if (!found || behaviour.refusesExchange || !asked.every((scope) => held.has(scope))) {
      request.status = 400;
      request.body = { error: found ? 'invalid_scope' : 'invalid_request' };
      return;
    }
    const { accountId, grantId } = found;
    const scope = behaviour.exchangeScope ?? asked.join(' ');
    const made = new provider.AccessToken({ accountId, grantId, client, scope, gty: 'exchange' });
    request.body = {
      access_token: await made.save(),
      issued_token_type: params.requested_token_type,
      token_type: 'Bearer',
      expires_in: behaviour.accessTokenSeconds,
      scope,
    };
  };
  const names = ['subject_token', 'subject_token_type', 'requested_token_type', 'scope'];
  provider.registerGrantType(TOKEN_EXCHANGE, exchange, names);
}

/** The body of a request, without taking it from whoever reads it after. */
function listen(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  const push = request.push.bind(request);
  return new Promise((resolve) => {
    request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      if (chunk === null) resolve(Buffer.concat(chunks).toString('utf8'));
      else chunks.push(Buffer.from(chunk));
      return push(chunk, encoding);
    };
  });
}

const withScope = (text: string, scope: string) =>
  text.replace(/"scope":"[^"]*"/, `"scope":"${scope}"`);

function changeAnswer(response: ServerResponse, change: (text: string) => string): void {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
  response.end = ((body?: unknown) => {
    const text = change(body === undefined ? '' : String(body as string | Buffer));
    response.setHeader('content-length', Buffer.byteLength(text));
    return end(text);
  }) as typeof response.end;
}

async function tokenEndpoint(
  behaviour: Behaviour,
  given: string[],
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { cut, delayMs, refreshScope } = behaviour;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (cut === 'before') return void request.socket.destroy();
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
  response.end = ((body?: unknown) => {
    const text = body === undefined ? '' : String(body as string | Buffer);
    for (const [, token] of text.matchAll(/"(?:access|refresh|id)_token":"([^"]+)"/g)) {
      given.push(token as string);
    }
    if (cut === 'after') return response.destroy() as never;
    if (behaviour.holdMs > 0) return void setTimeout(() => end(body), behaviour.holdMs) as never;
    if (refreshScope === null || !text.includes('"scope"')) return end(body);
    const changed = withScope(text, refreshScope);
    response.setHeader('content-length', Buffer.byteLength(changed));
    return end(changed);
  }) as typeof response.end;
  serve(request, response);
}

async function api(
  provider: Provider,
  behaviour: Behaviour,
  calls: number[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, bearer = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const isRefused = behaviour.refusesAll || behaviour.refused.has(bearer);
  const token = isRefused ? undefined : await provider.AccessToken.find(bearer);
  const status = token && !token.isExpired ? 200 : 401;
  calls.push(status);
  response.writeHead(status, { 'content-type': 'application/json' });
  // It shows what it was sent: nothing of that may reach an agent.
  const { accountId: sub, scope } = token ?? {};
  const echo = { path: request.url, headers: request.headers, sub, scope };
  response.end(JSON.stringify(status === 200 ? echo : { error: 'invalid_token', sent: bearer }));
}

/** The way of a person through sign-in and consent, without a browser; where it leads back to. */
export async function consent(
  url: string,
  { login = 'ada', denies = false }: { readonly login?: string; readonly denies?: boolean } = {},
): Promise<string> {
  const { origin } = new URL(url);
  const cookies = new Map<string, string>();
  let next = url;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 20; step++) {
    if (new URL(next).origin !== origin) return next;
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === null ? {} : { method: 'POST', body: form }),
    });
    form = null;
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const text = await response.text();
    if (location !== null) {
      next = new URL(location, next).href;
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
    if (prompt === undefined) throw new Error(`${response.status} at ${next}: ${text}`);
    if (denies && prompt === 'consent') next = `${next}/abort`;
    else {
      next = new URL(/<form[^>]* action="([^"]+)"/.exec(text)?.[1] ?? '', next).href;
      form = new URLSearchParams({ prompt, login, password: 'any' });
    }
  }
  throw new Error('the way through the OAuth server does not end');
}
