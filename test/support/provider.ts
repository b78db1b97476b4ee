import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import assert from 'node:assert/strict';

import type { Affidavit } from './server.ts';

/** For tests: an HTTP service that agents call through the broker, and that counts its calls. */
export interface Provider {
  readonly url: string;
  readonly calls: string[];
  close(): Promise<void>;
}

/** `/slow/N` answers after N ms, `/never` not at all, anything else at once. */
export async function startProvider(): Promise<Provider> {
  const calls: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    if (request.url === '/never') return;
    const delay = Number(/^\/slow\/(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
    timers.add(setTimeout(() => answer(response), delay));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  response.end('{"ok":true}');
}

/** Stores a provider, a secret and a grant for it; returns the grant's id. */
export async function grantOn(server: Affidavit, provider: Provider, name = 'shop') {
  const admin = async (path: string, body: object): Promise<Record<string, string>> => {
    const answer = await server.request<Record<string, string>>('POST', path, { body });
    assert.ok(answer.status < 300, answer.text);
    return answer.body;
  };
  const auth = { type: 'bearer' };
  await admin('/v1/providers', { name, base_url: provider.url, auth });
  const secret = await admin('/v1/secrets', { provider: name, name, value: 'sk-shop-0123456789' });
  const principal = { type: 'user', id: 'ada', email: 'ada@example.com' };
  const { secret_id } = secret;
  const grant = await admin('/v1/grants', { provider: name, secret_id, principal, agents: '*' });
  return grant.grant_id as string;
}
