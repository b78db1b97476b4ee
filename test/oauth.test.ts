import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { CLIENT_ID, CLIENT_SECRET, consent, startOAuthServer } from './support/oauth-server.ts';
import type { OAuthServer } from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, execution, find, makeAgent, makeApp } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** Grants by OAuth, with a real server: connecting, calling, refreshing, ending. */

let server: Affidavit;
let oauth: OAuthServer;
let app: AppUnderTest;
let agent: AgentUnderTest;

before(async () => {
  server = await startAffidavit();
  oauth = await startOAuthServer(`${server.url}/v1/connect/callback`);
  app = await makeApp(server, 'oauth');
  agent = await makeAgent(server, app, 'Ada');
  await ask(server, 201, 'POST', '/v1/providers', {
    key: app.key,
    body: {
      name: 'mail',
      base_url: oauth.api,
      auth: {
        type: 'oauth2',
        issuer: oauth.issuer,
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        scopes: ['openid', 'offline_access', 'read'],
      },
    },
  });
});
after(async () => {
  await server?.stop();
  await oauth?.close();
});

const principal = { type: 'user', id: 'user_ada', email: 'ada@example.com' };

interface Started {
  readonly connect_id: string;
  readonly url: string;
  readonly expires_at: string;
}

const start = (body: object = {}, key = app.key) =>
  ask<Started>(server, 201, 'POST', '/v1/connect', {
    key,
    body: { provider: 'mail', principal, agents: [agent.agent_id], ...body },
  });

/** Goes to where a person is sent back to, as their browser does. */
async function comeBack(url: string) {
  const { pathname, search } = new URL(url);
  return server.request('GET', pathname + search, { key: null });
}

const status = (connect_id: string) =>
  ask<{ status: string; grant_id?: string; error?: string }>(
    server,
    200,
    'GET',
    `/v1/connect/${connect_id}`,
    { key: app.key },
  );

/** A fresh grant, as a person makes it. */
async function connect(body: object = {}): Promise<string> {
  const { connect_id, url } = await start(body);
  const answer = await comeBack(await consent(url));
  assert.equal(answer.status, 200, answer.text);
  const { grant_id } = await status(connect_id);
  return grant_id as string;
}

const call = (grant_id: string, body: object = {}) =>
  server.request('POST', '/v1/request', {
    key: agent.key,
    body: { grant_id, url: 'inbox', reason: 'to read mail', ...body },
  });

describe('connecting an account', () => {
  it('makes a grant that agents call with, and says so', async () => {
    const { connect_id, url } = await start();
    const asked = new URL(url).searchParams;
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.equal((await status(connect_id)).status, 'pending');
    const answer = await comeBack(await consent(url));
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/);
    const { status: now, grant_id } = await status(connect_id);
    assert.equal(now, 'connected');
    const grant = await ask(server, 200, 'GET', `/v1/grants/${grant_id}`, { key: app.key });
    assert.equal(grant.kind, 'oauth');
    assert.equal(grant.status, 'active');
    assert.deepEqual(grant.scopes, ['openid', 'offline_access', 'read']);
    assert.deepEqual(grant.principal, principal);
    const made = await call(grant_id as string);
    assert.equal(made.status, 200, made.text);
    const { status: called, body, execution_id } = made.body as Record<string, unknown>;
    assert.equal(called, 200);
    assert.equal((JSON.parse(String(body)) as { sub: string }).sub, 'ada');
    for (const token of oauth.given) assert.ok(!made.text.includes(token));
    const entries = await execution(server, app.key, execution_id);
    assert.deepEqual(
      entries.map((entry) => [entry.event_type, entry.grant_kind, entry.outcome]),
      [
        ['credential.retrieved', 'oauth', undefined],
        ['api.called', 'oauth', 'success'],
      ],
    );
  });

  it('is on the record from the beginning, with who began it and who consented', async () => {
    const grant_id = await connect();
    const [created] = await find(server, app.key, { grant_id, event_type: 'grant.created' });
    assert.equal(created?.actor_id, app.key_id);
    assert.equal(created?.actor_type, 'operator');
    assert.equal(created?.principal_id, principal.id);
    assert.equal(created?.response_status, 200);
    const { connect_id, end_user } = created!.args as Record<string, Record<string, string>>;
    assert.equal(end_user?.subject, 'ada');
    const about = await find(server, app.key, { q: String(connect_id) });
    assert.deepEqual(
      about.map((entry) => entry.event_type),
      ['grant.connect_started', 'grant.created'],
    );
  });
});
