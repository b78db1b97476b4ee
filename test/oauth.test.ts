import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { PRINCIPAL, prepareConnecting, type Connecting } from './support/connecting.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  consent,
  startOAuthServer,
  type OAuthServer,
} from './support/oauth-server.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, execution, find, makeAgent, problem } from './support/world.ts';

/** Grants by OAuth, with a real server: connecting, calling, refreshing, ending. */

let server: Affidavit;
let oauth: OAuthServer;
let world: Connecting;

before(async () => {
  server = await startAffidavit();
  oauth = await startOAuthServer(`${server.url}/v1/connect/callback`);
  world = await prepareConnecting(server, oauth);
});
after(async () => {
  await server?.stop();
  await oauth?.close();
});

describe('connecting an account', () => {
  it('makes a grant that agents call with, and says so', async () => {
    const { connect_id, url } = await world.start();
    const asked = new URL(url).searchParams;
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.equal((await world.status(connect_id)).status, 'pending');
    const answer = await world.comeBack(await consent(url));
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/);
    const { status: now, grant_id } = await world.status(connect_id);
    assert.equal(now, 'connected');
    const grant = await ask(server, 200, 'GET', `/v1/grants/${grant_id}`, { key: world.app.key });
    assert.equal(grant.kind, 'oauth');
    assert.equal(grant.status, 'active');
    assert.deepEqual(grant.scopes, ['openid', 'offline_access', 'read']);
    assert.deepEqual(grant.principal, PRINCIPAL);
    const made = await world.call(grant_id as string);
    assert.equal(made.status, 200, made.text);
    const { status: called, body, execution_id } = made.body as Record<string, unknown>;
    assert.equal(called, 200);
    assert.equal((JSON.parse(String(body)) as { sub: string }).sub, 'ada');
    for (const token of oauth.given) assert.ok(!made.text.includes(token));
    const entries = await execution(server, world.app.key, execution_id);
    assert.deepEqual(
      entries.map((entry) => [entry.event_type, entry.grant_kind, entry.outcome]),
      [
        ['credential.retrieved', 'oauth', undefined],
        ['api.called', 'oauth', 'success'],
      ],
    );
  });

  it('is on the record from the beginning, with who began it and who consented', async () => {
    const grant_id = await world.connect();
    const [created] = await find(server, world.app.key, { grant_id, event_type: 'grant.created' });
    assert.equal(created?.actor_id, world.app.key_id);
    assert.equal(created?.actor_type, 'operator');
    assert.equal(created?.principal_id, PRINCIPAL.id);
    assert.equal(created?.response_status, 200);
    const { connect_id, end_user } = created!.args as Record<string, Record<string, string>>;
    assert.equal(end_user?.subject, 'ada');
    const about = await find(server, world.app.key, { q: String(connect_id) });
    assert.deepEqual(
      about.map((entry) => entry.event_type),
      ['grant.connect_started', 'grant.created'],
    );
  });
});

describe('a connect that comes to nothing', () => {
  const failure = async (connect_id: string) => {
    const found = await find(server, world.app.key, { q: connect_id });
    return found.find((entry) => entry.event_type === 'grant.connect_failed');
  };

  it('says that the person denied it, and sends them on', async () => {
    const return_url = 'https://app.example.com/done?tab=1';
    const { connect_id, url } = await world.start({ return_url });
    const answer = await world.comeBack(await consent(url, { denies: true }));
    assert.equal(answer.status, 303);
    const target = new URL(String(answer.headers.location));
    assert.equal(target.origin + target.pathname, 'https://app.example.com/done');
    assert.deepEqual(Object.fromEntries(target.searchParams), {
      tab: '1',
      connect_id,
      status: 'failed',
      error: 'access_denied',
    });
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    const { status, error } = await world.status(connect_id);
    assert.deepEqual([status, error], ['failed', 'access_denied']);
    const entry = await failure(connect_id);
    assert.equal(entry?.error_code, 'access_denied');
    assert.equal(entry?.actor_id, world.app.key_id);
  });

  it('takes a state once, whoever brings it again, and says so once', async () => {
    const { connect_id, url } = await world.start();
    const back = await consent(url);
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.comeBack(back)));
    const good = answers.filter(({ status }) => status === 200);
    assert.equal(good.length, 1);
    assert.equal(answers.filter(({ status }) => status === 400).length, 49);
    const found = await find(server, world.app.key, { q: connect_id });
    assert.deepEqual(found.map((entry) => [entry.event_type, entry.error_code]).sort(), [
      ['grant.connect_failed', 'replayed'],
      ['grant.connect_started', undefined],
      ['grant.created', undefined],
    ]);
    assert.equal((await world.status(connect_id)).status, 'connected');
  });

  it('is not made from a state that was never given, nor from a HEAD', async () => {
    const { connect_id, url } = await world.start();
    const back = new URL(await consent(url));
    const head = await server.request('HEAD', back.pathname + back.search, { key: null });
    assert.equal(head.status, 401);
    const size = (await find(server, world.app.key, {})).length;
    for (const state of ['', 'x', `1.${'A'.repeat(43)}`, `99999999999.${'A'.repeat(43)}`]) {
      const forged = new URL(back);
      forged.searchParams.set('state', state);
      const answer = await world.comeBack(forged.href);
      assert.equal(answer.status, 400);
      assert.match(String(answer.headers['content-type']), /^text\/html/);
    }
    const doubled = new URL(back);
    doubled.searchParams.append('state', 'x');
    assert.equal((await world.comeBack(doubled.href)).status, 400);
    assert.equal((await find(server, world.app.key, {})).length, size);
    assert.equal((await world.status(connect_id)).status, 'pending');
  });

  it('is refused where the answer is of another issuer (RFC 9207)', async () => {
    const { connect_id, url } = await world.start();
    const back = new URL(await consent(url));
    assert.equal(back.searchParams.get('iss'), oauth.issuer);
    back.searchParams.set('iss', 'https://elsewhere.example');
    assert.equal((await world.comeBack(back.href)).status, 400);
    assert.equal((await world.status(connect_id)).status, 'failed');
    assert.equal((await failure(connect_id))?.error_code, 'invalid_answer');
  });

  it('does not put another account in the place of the one that was connected', async () => {
    const grant_id = await world.connect();
    const { connect_id, url } = await world.start({ grant_id });
    const answer = await world.comeBack(await consent(url, { login: 'mallory' }));
    assert.equal(answer.status, 400);
    assert.equal((await world.status(connect_id)).error, 'other_account');
    assert.equal(oauth.revoked.length > 0, true);
    const made = await world.call(grant_id);
    assert.equal((JSON.parse(String(made.body.body)) as { sub: string }).sub, 'ada');
  });
});

describe('POST /v1/connect', () => {
  const refused = async (body: object, status: 400 | 403 | 404 | 409, key = world.app.key) => {
    const codes = {
      400: 'invalid_request',
      403: 'forbidden',
      404: 'not_found',
      409: 'conflict',
    } as const;
    const answer = await server.request('POST', '/v1/connect', {
      key,
      body: { provider: 'mail', principal: PRINCIPAL, agents: [world.agent.agent_id], ...body },
    });
    return problem(answer, status, codes[status]);
  };

  it('sends nobody to where nobody should be sent', async () => {
    for (const return_url of [
      'javascript:alert(1)',
      'http://app.example.com/',
      'https://user@app.example.com/',
      'https://app.example.com/#token',
      'data:text/html,x',
      '//app.example.com',
    ]) {
      assert.equal((await refused({ return_url }, 400)).field, 'return_url');
    }
  });

  it('names what it cannot find', async () => {
    assert.equal((await refused({ provider: 'none' }, 404)).field, 'provider');
    assert.equal((await refused({ agents: ['agt_none'] }, 404)).field, 'agents');
    assert.equal((await refused({ grant_id: 'grt_none' }, 404)).field, 'grant_id');
    assert.equal((await refused({ provider: undefined }, 400)).field, 'provider');
    assert.equal((await refused({ principal: undefined }, 400)).field, 'principal');
  });

  it('lets an agent ask for itself alone', async () => {
    const asking = await makeAgent(server, world.app, 'Asking', ['grants:connect']);
    assert.equal((await refused({}, 403, asking.key)).field, 'agents');
    await refused({ agents: '*' }, 403, asking.key);
    const { connect_id } = await world.start({ agents: undefined }, asking.key);
    const path = `/v1/connect/${connect_id}`;
    await ask(server, 200, 'GET', path, { key: asking.key });
    const other = await makeAgent(server, world.app, 'Other', ['grants:connect']);
    await ask(server, 404, 'GET', path, { key: other.key });
    const grant_id = await world.connect();
    assert.equal(
      (await refused({ grant_id, agents: undefined }, 404, asking.key)).field,
      'grant_id',
    );
  });
});

describe('the secret of an OAuth client', () => {
  it('is in no answer', async () => {
    const { key } = world.app;
    for (const path of ['/v1/providers', '/v1/events?limit=1000', '/v1/grants']) {
      const { text } = await server.request('GET', path, { key });
      assert.ok(!text.includes(CLIENT_SECRET), path);
      assert.ok(!text.includes('sealed_'), path);
      for (const token of oauth.given) assert.ok(!text.includes(token), path);
    }
    assert.ok(!server.stdout().includes(CLIENT_SECRET));
  });

  it('stays where it is not given again, and never goes to another server', async () => {
    const { key } = world.app;
    const path = `/v1/providers/${world.provider_id}`;
    const auth = {
      type: 'oauth2',
      issuer: oauth.issuer,
      client_id: CLIENT_ID,
      scopes: ['openid', 'offline_access', 'read'],
    };
    await ask(server, 200, 'PATCH', path, { key, body: { auth } });
    await world.connect();
    const elsewhere = { ...auth, token_endpoint: `${oauth.issuer}/other/token` };
    await ask(server, 200, 'PATCH', path, { key, body: { auth: elsewhere } });
    await ask(server, 200, 'PATCH', path, { key, body: { auth } });
    const { connect_id, url } = await world.start();
    await world.comeBack(await consent(url));
    assert.equal((await world.status(connect_id)).error, 'invalid_client');
    const whole = { ...auth, client_secret: CLIENT_SECRET };
    await ask(server, 200, 'PATCH', path, { key, body: { auth: whole } });
    await world.connect();
  });
});

describe('an OAuth server that may not be called, or does not say what it is', () => {
  const startWith = async (name: string, auth: object) => {
    const { key } = world.app;
    const body = { name, base_url: oauth.api, auth: { type: 'oauth2', client_id: 'c', ...auth } };
    await ask(server, 201, 'POST', '/v1/providers', { key, body });
    return server.request('POST', '/v1/connect', {
      key,
      body: { provider: name, principal: PRINCIPAL, agents: '*' },
    });
  };

  it('is not gone to', async () => {
    const answer = await startWith('private', { issuer: 'http://10.1.2.3/' });
    assert.match(problem(answer, 502, 'provider_unreachable').detail, /egress_blocked/);
    const endpoints = {
      authorization_endpoint: 'http://192.0.2.1/authorize',
      token_endpoint: 'http://192.0.2.1/token',
    };
    problem(await startWith('plain', endpoints), 403, 'egress_blocked');
    const open = { ...endpoints, authorization_endpoint: 'http://93.184.215.14/authorize' };
    problem(await startWith('open', open), 403, 'egress_blocked');
  });

  it('is not believed', async () => {
    const other = await startWith('impostor', { issuer: `${oauth.issuer}/api` });
    problem(other, 502, 'provider_unreachable');
  });

  it('is refused where its configuration is not whole', async () => {
    const { key } = world.app;
    for (const auth of [
      {},
      { token_endpoint: 'https://as.example/token' },
      { issuer: 'ftp://as.example' },
      { issuer: 'https://user@as.example' },
      { issuer: 'https://as.example', scopes: ['two words'] },
      { issuer: 'https://as.example', authorization_params: { state: 'x' } },
      { issuer: 'https://as.example', client_secret: 'abcd', token_endpoint_auth_method: 'none' },
      {
        authorization_endpoint: 'https://as.example/a',
        token_endpoint: 'https://as.example/t',
        scopes: ['openid'],
      },
    ]) {
      const body = {
        name: 'x',
        base_url: oauth.api,
        auth: { type: 'oauth2', client_id: 'c', ...auth },
      };
      const answer = await server.request('POST', '/v1/providers', { key, body });
      problem(answer, 400, 'invalid_request');
    }
  });
});
