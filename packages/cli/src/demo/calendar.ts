import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Provider } from 'oidc-provider';

/**
 * A calendar that people let others use: a real OAuth server (oidc-provider) that rotates refresh
 * tokens, and the API behind it.
 */

export interface Calendar {
  readonly issuer: string;
  readonly api: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Meetings that are still on. */
  readonly meetings: ReadonlySet<string>;
  /** Every token that was given out. */
  readonly tokens: readonly string[];
  /** The owner of the account takes back all scopes but these, and the tokens with them. */
  readonly leaveOnly: (scopes: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

const CLIENT_ID = 'affidavit-demo';
const WRITES = 'calendar:write';
export const SCOPES = ['openid', 'offline_access', 'calendar:read', WRITES] as const;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Null where oidc-provider is not installed. */
async function providerOf(issuer: string, configuration: object): Promise<Provider | null> {
  const { warn, info } = console;
  // It warns of what is right here: http, forms for everyone, tokens in memory.
  console.warn = console.info = () => undefined;
  try {
    const module = await import('oidc-provider');
    return new module.Provider(issuer, configuration);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  } finally {
    Object.assign(console, { warn, info });
  }
}

const configurationOf = (clientSecret: string, redirectUri: string) => ({
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  scopes: SCOPES,
  findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  cookies: { keys: ['only for the demo'] },
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    Grant: 3600,
    IdToken: 600,
    Interaction: 600,
    RefreshToken: 3600,
    Session: 3600,
  },
});

/** Clients may send people back to `redirectUri` alone. Null where there is no OAuth server. */
export async function startCalendar(
  clientSecret: string,
  redirectUri: string,
): Promise<Calendar | null> {
  const meetings = new Set(['mtg_7', 'mtg_8']);
  const tokens: string[] = [];
  let handle: Handler = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  const issuer = await listen(server);
  const provider = await providerOf(issuer, configurationOf(clientSecret, redirectUri));
  if (!provider) {
    server.close();
    return null;
  }
  const signIn = provider.callback();
  handle = (request, response) => {
    if (request.url?.startsWith('/api/')) {
      return void answer(provider, { meetings, tokens }, request, response);
    }
    signIn(request, response);
  };
  return {
    issuer,
    api: `${issuer}/api/`,
    clientId: CLIENT_ID,
    clientSecret,
    meetings,
    tokens,
    leaveOnly: (scopes) => narrow(provider, tokens, scopes),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface State {
  readonly meetings: Set<string>;
  readonly tokens: string[];
}

async function answer(
  provider: Provider,
  { meetings, tokens }: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const say = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const found = await provider.AccessToken.find(bearer);
  if (!found || found.isExpired) return say(401, { error: 'who are you?' });
  if (!tokens.includes(bearer)) tokens.push(bearer);
  if (request.method === 'GET')
    return say(200, { calendar: found.accountId, meetings: [...meetings] });
  const id = /\/meetings\/([^/]+)\/cancel$/.exec(request.url ?? '')?.[1] ?? '';
  if (!found.scope.split(' ').includes(WRITES)) return say(403, { error: 'you may only read' });
  return meetings.delete(id) ? say(200, { cancelled: id }) : say(404, { error: 'no such meeting' });
}

async function narrow(provider: Provider, tokens: Iterable<string>, scopes: readonly string[]) {
  for (const bearer of tokens) {
    const token = await provider.AccessToken.find(bearer);
    const grant = token && (await provider.Grant.find(token.grantId));
    if (!token || !grant) continue;
    grant.openid.scope = scopes.join(' ');
    await grant.save();
    await token.destroy();
  }
}
