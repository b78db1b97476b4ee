import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { sayOk, startService, type Service } from './support/service.ts';
import { ask, execution, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/** Providers that say which methods and paths a scope opens. */

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let provider_id: string;
let grant_id: string;

const scope_map = {
  'repo:read': [{ methods: ['GET', 'head'], paths: ['/repos/*', '/user'] }],
  'repo:write': [{ methods: ['POST'], paths: ['/repos/*/issues'] }, { paths: ['/gists*'] }],
};

before(async () => {
  server = await startAffidavit();
  service = await startService((request, response) => {
    if (request.url !== '/repos/away') return sayOk(request, response);
    response.writeHead(302, { location: '/admin' }).end();
  });
  app = await makeApp(server, 'scope maps');
  agent = await makeAgent(server, app, 'Ada');
  const base = { provider: 'forge', base_url: service.url, secret: 'sk_scope_maps_7711' };
  const grant = { scopes: ['repo:read', 'repo:write'] };
  ({ provider_id, grant_id } = await makeGrant(server, app, { ...base, grant }));
  await patch(scope_map);
});
after(async () => {
  await service.close();
  await server.stop();
});

const patch = (map: unknown) =>
  ask(server, 200, 'PATCH', `/v1/providers/${provider_id}`, {
    key: app.key,
    body: { scope_map: map },
  });
const call = (body: object, key = agent.key) =>
  server.request('POST', '/v1/request', { key, body: { grant_id, ...body } });

async function allowed(body: object, scope: string, key = agent.key): Promise<void> {
  const answer = await call(body, key);
  assert.equal(answer.status, 200, answer.text);
  const [entry] = await execution(server, app.key, answer.body.execution_id);
  const context = entry?.policy_context as { scope_map?: { scope: string; rule: object } };
  assert.equal(context.scope_map?.scope, scope);
  assert.ok(context.scope_map?.rule);
  assert.ok(entry?.policies_checked?.includes('builtin:scope_map'));
}

async function denied(body: object, key = agent.key): Promise<Entry> {
  const calls = service.received.length;
  const document = problem(await call(body, key), 403, 'policy_denied');
  assert.equal(service.received.length, calls);
  assert.deepEqual([document.policy_id, document.rule], ['builtin:scope_map', 'scope_map']);
  const [entry] = await execution(server, app.key, document.execution_id);
  assert.equal(entry?.event_type, 'credential.denied');
  assert.equal(entry?.policy_id, 'builtin:scope_map');
  return entry as Entry;
}

const compared = (entry: Entry) =>
  (entry.policy_context as { compared: Record<string, unknown> }).compared;

describe('a scope map', () => {
  it('opens what a held scope covers, and names it', async () => {
    await allowed({ url: '/repos/a/b?x=1' }, 'repo:read');
    await allowed({ url: '/user', method: 'get', scopes: ['repo:read'] }, 'repo:read');
    await allowed({ url: '/repos/a/issues', method: 'POST', json: {} }, 'repo:write');
    await allowed({ url: '/gists/1', method: 'DELETE' }, 'repo:write');
  });

  it('denies the rest, and says which scope would have opened it', async () => {
    const entry = await denied({ url: '/gists', scopes: ['repo:read'] });
    assert.deepEqual(compared(entry).allowed_by, ['repo:write']);
    assert.deepEqual(compared(entry).scopes_held, ['repo:read']);
    assert.deepEqual(compared(await denied({ url: '/admin' })).allowed_by, []);
    await denied({ url: '/repos/a', method: 'DELETE' });
    await denied({ url: '/users' });
  });

  it('keeps the credential from where a redirect leads out of it', async () => {
    const seen = service.received.length;
    await call({ url: '/repos/away' });
    const [first, second] = service.received.slice(seen);
    assert.deepEqual([first?.url, second?.url], ['/repos/away', '/admin']);
    assert.match(String(first?.headers.authorization), /^Bearer/);
    assert.equal(second?.headers.authorization, undefined);
  });

  it('denies a path that can be read in two ways', async () => {
    for (const url of ['/repos//x', '/repos/a;b', '/repos/%2561']) {
      assert.ok(compared(await denied({ url })).ambiguity, url);
    }
  });

  it('holds for a minted token by the scopes of the token', async () => {
    const { token } = await ask<{ token: string }>(server, 201, 'POST', '/v1/tokens', {
      key: agent.key,
      body: { grant_id, scopes: ['repo:read'] },
    });
    await allowed({ url: '/repos/a' }, 'repo:read', token);
    const entry = await denied({ url: '/gists' }, token);
    assert.match(String(entry.token_id), /^tok_/);
    assert.deepEqual(compared(entry).allowed_by, ['repo:write']);
  });

  it('holds for a grant without scopes as a whole', async () => {
    const body = { scopes: [] };
    await ask(server, 200, 'PATCH', `/v1/grants/${grant_id}`, { key: app.key, body });
    await allowed({ url: '/gists/1', method: 'DELETE' }, 'repo:write');
    await denied({ url: '/admin' });
    await denied({ url: '/user', scopes: ['nothing'] });
  });

  it('is refused where it is not clear, shown, and taken away', async () => {
    const path = `/v1/providers/${provider_id}`;
    for (const map of [
      { read: [] },
      { read: [{}] },
      { read: [{ paths: ['repos'] }] },
      { read: [{ paths: ['/a/../b'] }] },
      { read: [{ paths: ['/a?b'] }] },
      { read: [{ methods: ['GE T'] }] },
      { read: [{ verbs: ['GET'] }] },
      [],
    ]) {
      const answer = await server.request('PATCH', path, {
        key: app.key,
        body: { scope_map: map },
      });
      assert.match(String(problem(answer, 400, 'invalid_request').field), /^scope_map/);
    }
    const { data } = await ask<{ data: { provider_id: string; scope_map?: object }[] }>(
      server,
      200,
      'GET',
      '/v1/providers',
      { key: app.key },
    );
    assert.deepEqual(data.find((one) => one.provider_id === provider_id)?.scope_map, scope_map);
    await patch(null);
    assert.equal((await call({ url: '/admin' })).status, 200);
  });
});
