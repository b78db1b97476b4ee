import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { SCOPES } from '@affidavit/schema';

import { startAffidavit, type Affidavit, type RequestOptions } from './support/server.ts';
import { ask, makeAgent, makeApp, makeKey, problem } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** Who may call what: every route, with every kind of key that must not, and with the right one. */

/** The registry that the server itself is made from. */
const REGISTRY = new URL('../packages/server/src/http/routes/index.ts', import.meta.url).href;

/** Open to everyone, with what a request says that brings nothing. */
const OPEN: Readonly<Record<string, number>> = {
  '/healthz': 200,
  '/metrics': 200,
  '/readyz': 200,
  '/v1/connect/callback': 400,
  '/v1/sessions': 400,
  '/v1/sign-in': 200,
  '/v1/sign-in/start': 303,
  '/v1/sign-in/callback': 303,
  '/v1/wallet/session': 400,
};

let server: Affidavit;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'access');
});
after(() => server.stop());

interface Served {
  readonly method: string;
  readonly path: string;
  readonly tag: string;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly access: string;
}

const concrete = (path: string) =>
  path.replace('{app_id}', app.app_id).replaceAll(/\{\w+\}/g, 'none_such');

async function operations(): Promise<Operation[]> {
  const { paths } = await ask<{ paths: Record<string, Record<string, { 'x-access': string }>> }>(
    server,
    200,
    'GET',
    '/openapi.json',
    { key: null },
  );
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-access': access }]) => ({
      method: method.toUpperCase(),
      path,
      access,
    })),
  );
}

/** Asks in a way that cannot succeed, so that nothing is changed and no stream is opened. */
function knock({ method, path }: Operation, options: RequestOptions) {
  const headers = { 'last-event-id': 'not a seq', ...options.headers };
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
  return server.request(method, concrete(path), { ...body, ...options, headers });
}

describe('the list of routes', () => {
  it('is the same in the description as in the server', async () => {
    const { routes } = (await import(REGISTRY)) as { routes: Served[] };
    const described = (await operations()).map(({ method, path }) => `${method} ${path}`);
    const served = routes
      .filter(({ tag }) => tag !== 'pages')
      .map(
        ({ method, path }) =>
          `${method} ${path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}')}`,
      );
    assert.deepEqual(described.sort(), served.sort());
    assert.ok(served.length >= 40);
  });

  it('is open to everyone for health, figures, signing in, whoever comes back from an OAuth server, and nothing else', async () => {
    const open = (await operations()).filter(({ access }) => access === 'public');
    assert.deepEqual(open.map(({ path }) => path).sort(), Object.keys(OPEN).sort());
    for (const operation of open) {
      const { status, text } = await knock(operation, { key: null });
      assert.equal(status, OPEN[operation.path], `${operation.path}: ${text}`);
    }
  });
});

/** Keys and headers that must not open anything. */
async function closedDoors(): Promise<Record<string, RequestOptions>> {
  const all = { scopes: ['admin'] };
  const revoked = await makeKey(server, app, all);
  await ask(server, 200, 'DELETE', `/v1/keys/${revoked.key_id}`, { key: app.key });
  const rotated = await makeKey(server, app, all);
  await ask(server, 201, 'POST', `/v1/keys/${rotated.key_id}/rotate`, {
    key: app.key,
    body: { overlap_seconds: 0 },
  });
  const expired = await makeKey(server, app, { ...all, expires_at: '2020-01-01T00:00:00Z' });
  const agent = await makeAgent(server, app, 'dismissed', SCOPES.slice(0, 4));
  await ask(server, 200, 'DELETE', `/v1/agents/${agent.agent_id}`, { key: app.key });
  const authorization = (value: string) => ({ key: null, headers: { authorization: value } });
  return {
    'no key': { key: null },
    'an empty header': authorization(''),
    'another scheme': authorization(`Basic ${app.key}`),
    'no scheme': authorization(app.key),
    'two keys in one header': authorization(`Bearer ${app.key} ${app.key}`),
    'a key with a quote': authorization(`Bearer "${app.key}"`),
    'a key that is too long': authorization(`Bearer ${'a'.repeat(600)}`),
    'a wrong key': { key: `${app.key.slice(0, -2)}xx` },
    'only the prefix': { key: app.prefix },
    'a key in another case': { key: app.key.toUpperCase() },
    'a revoked key': { key: revoked.key },
    'a rotated key after the overlap': { key: rotated.key },
    'an expired key': { key: expired.key },
    'a key of a revoked agent': { key: agent.key },
  };
}

describe('every route', () => {
  it('refuses whoever has no live key', async () => {
    const doors = Object.entries(await closedDoors());
    const closed = (await operations()).filter(({ access }) => access !== 'public');
    for (const operation of closed) {
      for (const [what, options] of doors) {
        const answer = await knock(operation, options);
        const { method, path } = operation;
        assert.equal(answer.status, 401, `${method} ${path} with ${what}: ${answer.text}`);
        problem(answer, 401, 'unauthorized');
        assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
      }
    }
  });

  it('refuses a live key without its scope, and names the scope', async () => {
    const keys = new Map<string, string>();
    for (const scope of SCOPES.filter((one) => one !== 'admin')) {
      keys.set(scope, (await makeKey(server, app, { scopes: [scope] })).key);
    }
    const scoped = (await operations()).filter(
      ({ access }) => !['public', 'any_key', 'wallet'].includes(access),
    );
    for (const operation of scoped) {
      for (const [scope, key] of keys) {
        const answer = await knock(operation, { key });
        if (scope === operation.access) {
          assert.ok(![401, 403].includes(answer.status), `${operation.path}: ${answer.text}`);
          continue;
        }
        const { required_scope, detail } = problem(answer, 403, 'forbidden');
        assert.equal(required_scope, operation.access);
        assert.ok(detail.includes(operation.access));
      }
    }
  });

  it('lets an admin key through, and any key where any will do', async () => {
    const modest = await makeKey(server, app, { scopes: ['ledger:read'] });
    // A wallet is opened by a person, and by no key: test/wallet.test.ts.
    const forKeys = (await operations()).filter(({ access }) => access !== 'wallet');
    for (const operation of forKeys) {
      const key = operation.access === 'any_key' ? modest.key : app.key;
      const answer = await knock(operation, { key });
      // Only keys of the installation make apps.
      const mayNot = operation.method === 'POST' && operation.path === '/v1/apps';
      if (mayNot)
        problem(
          await server.request('POST', '/v1/apps', { key, body: { name: 'x' } }),
          403,
          'forbidden',
        );
      else assert.ok(![401, 403].includes(answer.status), `${operation.path}: ${answer.text}`);
    }
  });

  it('knows who asks before it looks at the body', async () => {
    for (const options of [
      { raw: '{', headers: {} },
      { raw: 'a=b', headers: { 'content-type': 'text/plain' } },
    ]) {
      problem(
        await server.request('POST', '/v1/events', { key: null, ...options }),
        401,
        'unauthorized',
      );
    }
  });

  it('answers in a way that is kept in no cache and sniffed by no browser', async () => {
    for (const path of ['/v1/events', '/v1/whoami', '/v1/none', '/healthz']) {
      const { headers } = await server.request('GET', path);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(String(headers['x-request-id']), /^req_[0-9a-f]{32}$/);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });
});

describe('a rotated key', () => {
  it('works beside its successor during the overlap and then no more', async () => {
    const old = await makeKey(server, app, { scopes: ['events:read'] });
    const path = `/v1/keys/${old.key_id}/rotate`;
    const { key, old_key_ends_at, replaces } = await ask<Record<string, string>>(
      server,
      201,
      'POST',
      path,
      { key: app.key, body: { overlap_seconds: 1 } },
    );
    assert.equal(replaces, old.key_id);
    const whoami = async (asking: string | undefined) =>
      (await server.request('GET', '/v1/whoami', { key: asking })).status;
    assert.deepEqual([await whoami(old.key), await whoami(key)], [200, 200]);
    // A second rotation does not lengthen what is left of the first.
    const again = await ask<Record<string, string>>(server, 201, 'POST', path, {
      key: app.key,
      body: { overlap_seconds: 1000 },
    });
    assert.equal(again.old_key_ends_at, old_key_ends_at);
    const left = Date.parse(String(old_key_ends_at)) - Date.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, left) + 5));
    assert.deepEqual([await whoami(old.key), await whoami(key)], [401, 200]);
  });

  it('keeps the scopes, the agent and the expiry of the old one', async () => {
    const agent = await makeAgent(server, app, 'turning', ['events:read']);
    const path = `/v1/keys/${agent.key_id}/rotate`;
    const { key } = await ask<{ key: string }>(server, 201, 'POST', path, { key: app.key });
    const who = await ask(server, 200, 'GET', '/v1/whoami', { key });
    assert.equal(who.agent_id, agent.agent_id);
    assert.deepEqual(who.scopes, ['events:read']);
  });
});

describe('an agent key', () => {
  it('never administers', async () => {
    const { agent_id } = await makeAgent(server, app, 'humble');
    const body = { name: 'k', scopes: ['admin'], agent_id };
    const answer = await server.request('POST', '/v1/keys', { key: app.key, body });
    assert.equal(problem(answer, 400, 'invalid_request').field, 'scopes');
  });

  it('is not minted for a revoked or unknown agent', async () => {
    const { agent_id } = await makeAgent(server, app, 'gone');
    await ask(server, 200, 'DELETE', `/v1/agents/${agent_id}`, { key: app.key });
    const mint = (agent: string) =>
      server.request('POST', '/v1/keys', {
        key: app.key,
        body: { name: 'k', scopes: ['events:read'], agent_id: agent },
      });
    problem(await mint(agent_id), 409, 'conflict');
    problem(await mint('agt_none'), 404, 'not_found');
  });
});

describe('who am I', () => {
  it('tells a key of the installation from one of an app and one of an agent', async () => {
    const root = await ask(server, 200, 'GET', '/v1/whoami');
    assert.equal(root.installation, true);
    assert.equal(root.app_id, 'app_default');
    assert.deepEqual(root.scopes, ['admin']);
    assert.equal(root.actor_type, 'operator');
    const own = await ask(server, 200, 'GET', '/v1/whoami', { key: app.key });
    assert.deepEqual(own, {
      app_id: app.app_id,
      app_name: 'access',
      key_id: app.key_id,
      scopes: ['admin'],
      owner: true,
      installation: false,
      actor_type: 'operator',
      actor_id: app.key_id,
      caller_key_prefix: app.prefix,
    });
    const agent = await makeAgent(server, app, 'Ada');
    const it = await ask(server, 200, 'GET', '/v1/whoami', { key: agent.key });
    assert.equal(it.actor_type, 'agent');
    assert.equal(it.agent_id, agent.agent_id);
    assert.equal(it.agent_name, 'Ada');
    assert.equal(it.installation, false);
  });
});
