/** For tests only: providers on loopback, and calls to them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createEgress, isBelow } from './call.ts';
import type { Egress, EgressSettings, ProviderRequest } from './call.ts';
import { createEgressGuard } from './guard.ts';
import type { EgressGuardSettings } from './guard.ts';

/** Valid until 2126 for secure.test and 127.0.0.1; protects nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwG1IFdJXsJmbHHcH
da2sq9jXVnsBu/r4WjZxbNQHtAqhRANCAATu2emUzdjPR0CKnsLdTgUe0W2vlBuP
sS65NDPSaaNAJPdhCNVrTxwkftgqn1/fSLuF5bMKS4YCeYQ5ubxek6di
-----END PRIVATE KEY-----`;
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnjCCAUOgAwIBAgIUTHkj8gD9nKNJz4CScwHwSXk/CwUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJVGVzdCBvbmx5MCAXDTI2MTEyMTA4NTgyMVoYDzIxMjYxMDI4
MDg1ODIxWjAUMRIwEAYDVQQDDAlUZXN0IG9ubHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATu2emUzdjPR0CKnsLdTgUe0W2vlBuPsS65NDPSaaNAJPdhCNVrTxwk
ftgqn1/fSLuF5bMKS4YCeYQ5ubxek6dio3EwbzAdBgNVHQ4EFgQUjhj7RbnHy/WI
Ewl1K7jrGhFThFYwHwYDVR0jBBgwFoAUjhj7RbnHy/WIEwl1K7jrGhFThFYwDwYD
VR0TAQH/BAUwAwEB/zAcBgNVHREEFTATggtzZWN1cmUudGVzdIcEfwAAATAKBggq
hkjOPQQDAgNJADBGAiEAqBi/aNjWLX7XnT0VinzV8nrYMDtTUY790Llt/3Izo8cC
IQCpTHXh8nBjyDT7JmD5zJ4+ns2lWH8TB5HmZDXPZycn0g==
-----END CERTIFICATE-----`;

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Provider {
  readonly port: number;
  /** `http://127.0.0.1:port` or https. */
  readonly origin: string;
  readonly received: Received[];
  /** Connections accepted so far. */
  readonly connections: () => number;
}

/** Listens on a free loopback port until the test ends. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A provider that keeps what it receives and then answers by `answer`. */
export async function startProvider(
  t: TestContext,
  answer: RequestListener,
  { secure = false }: { secure?: boolean } = {},
): Promise<Provider> {
  const received: Received[] = [];
  let connections = 0;
  const handle: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  };
  const server: HttpServer = secure
    ? createSecureServer({ key: KEY, cert: CERTIFICATE }, handle)
    : createServer(handle);
  server.on('connection', () => (connections += 1));
  const port = await listen(t, server);
  const origin = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { port, origin, received, connections: () => connections };
}

/** A port that was free a moment ago. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export type EgressOverrides = Partial<EgressSettings> & Partial<EgressGuardSettings>;

/** A way out that may call loopback and sleeps at once; closed when the test ends. */
export function openEgress(t: TestContext, overrides: EgressOverrides = {}): Egress {
  const { allow = ['127.0.0.0/8'], resolve, ...settings } = overrides;
  const guard = createEgressGuard(resolve === undefined ? { allow } : { allow, resolve });
  const egress = createEgress({ guard, sleep: async () => undefined, ...settings });
  t.after(() => egress.close());
  return egress;
}

export const SECRET = 'sk-test-0123456789';

/** A GET of `url` with a bearer credential, in scope below `base`. */
export function providerRequest(
  base: string,
  url: string,
  overrides: Partial<ProviderRequest> = {},
): ProviderRequest {
  return {
    method: 'GET',
    url: new URL(url),
    headers: {},
    credential: {
      attach: ({ headers }) => {
        headers['Authorization'] = `Bearer ${SECRET}`;
      },
    },
    withinScope: (target) => isBelow(base, target),
    ...overrides,
  };
}

export const text = (body: Uint8Array): string => Buffer.from(body).toString();
