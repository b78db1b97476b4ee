import assert from 'node:assert/strict';

import { CLIENT_ID, CLIENT_SECRET, consent, type OAuthServer } from './oauth-server.ts';
import type { Affidavit, Answer } from './server.ts';
import { ask, makeAgent, makeApp, type AgentUnderTest, type AppUnderTest } from './world.ts';

/** For tests: an app whose people connect their accounts at a real OAuth server. */

export const PRINCIPAL = { type: 'user', id: 'user_ada', email: 'ada@example.com' };

export interface Started {
  readonly connect_id: string;
  readonly url: string;
  readonly expires_at: string;
}

export interface Connecting {
  readonly app: AppUnderTest;
  readonly agent: AgentUnderTest;
  readonly provider_id: string;
  start(body?: object, key?: string): Promise<Started>;
  /** Goes to where a person is sent back to, as their browser does. */
  comeBack(url: string): Promise<Answer>;
  status(connect_id: string): Promise<{ status: string; grant_id?: string; error?: string }>;
  /** A fresh grant, as a person makes it. */
  connect(body?: object): Promise<string>;
  call(grant_id: string, body?: object): Promise<Answer>;
  grant(grant_id: string): Promise<Record<string, unknown>>;
}

export async function prepareConnecting(
  server: Affidavit,
  oauth: OAuthServer,
  name = 'oauth',
): Promise<Connecting> {
  const app = await makeApp(server, name);
  const { key } = app;
  const agent = await makeAgent(server, app, 'Ada');
  const auth = {
    type: 'oauth2',
    issuer: oauth.issuer,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    scopes: ['openid', 'offline_access', 'read'],
  };
  const { provider_id } = await ask<{ provider_id: string }>(server, 201, 'POST', '/v1/providers', {
    key,
    body: { name: 'mail', base_url: oauth.api, auth },
  });
  const start: Connecting['start'] = (body = {}, asking = key) =>
    ask(server, 201, 'POST', '/v1/connect', {
      key: asking,
      body: { provider: 'mail', principal: PRINCIPAL, agents: [agent.agent_id], ...body },
    });
  const comeBack: Connecting['comeBack'] = (url) => {
    const { pathname, search } = new URL(url);
    return server.request('GET', pathname + search, { key: null });
  };
  const status: Connecting['status'] = (connect_id) =>
    ask(server, 200, 'GET', `/v1/connect/${connect_id}`, { key });
  return {
    app,
    agent,
    provider_id,
    start,
    comeBack,
    status,
    connect: async (body = {}) => {
      const { connect_id, url } = await start(body);
      const answer = await comeBack(await consent(url));
      assert.equal(answer.status, 200, answer.text);
      return (await status(connect_id)).grant_id as string;
    },
    call: (grant_id, body = {}) =>
      server.request('POST', '/v1/request', {
        key: agent.key,
        body: { grant_id, url: 'inbox', reason: 'to read mail', ...body },
      }),
    grant: (grant_id) => ask(server, 200, 'GET', `/v1/grants/${grant_id}`, { key }),
  };
}
