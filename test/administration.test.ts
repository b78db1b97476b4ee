import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import {
  ask,
  find,
  ledgerSize,
  makeAgent,
  makeApp,
  makeGrant,
  makeKey,
  problem,
} from './support/world.ts';
import type { AppUnderTest, Entry } from './support/world.ts';

/** Every change is on the record with who made it, and apps know nothing of each other. */

const SECRET = 'sk_administration_3f9c1d77';
const ROTATED = 'sk_administration_rotated_77aa';

let server: Affidavit;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'administration');
});
after(() => server.stop());

interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type: string;
  readonly category: string;
  /** Fields that the entry has. */
  readonly says?: Readonly<Record<string, unknown>>;
}

/** Makes a change and checks the one entry that it leaves. Returns the answer. */
async function change(made: Change): Promise<Record<string, string>> {
  const { method, path, body, type, category, says = {} } = made;
  const before = await ledgerSize(server, app.key);
  const status = method === 'POST' && !/secrets\/.*rotate$/.test(path) ? 201 : 200;
  const options = { key: app.key, headers: { 'user-agent': 'changer/1' } };
  const answer = await ask<Record<string, string>>(
    server,
    status,
    method,
    path,
    body === undefined ? options : { ...options, body },
  );
  assert.equal(await ledgerSize(server, app.key), before + 1, `${method} ${path}`);
  const entry = (await find(server, app.key, { event_type: type })).at(-1) as Entry;
  assert.equal(entry.seq, before);
  const expected = {
    category,
    source: 'observed',
    app_id: app.app_id,
    actor_type: 'operator',
    actor_id: app.key_id,
    caller_key_prefix: app.prefix,
    source_ip: '127.0.0.1',
    user_agent: 'changer/1',
    outcome: 'success',
    ...says,
  };
  const found = Object.fromEntries(
    Object.keys(expected).map((name) => [name, entry[name as keyof Entry]]),
  );
  assert.deepEqual(found, expected);
  assert.match(String(entry.trace_id), /^[0-9a-f]{32}$/);
  for (const hidden of [SECRET, ROTATED, answer.key]) {
    assert.ok(hidden === undefined || !JSON.stringify(entry).includes(hidden), type);
  }
  return answer;
}

const admin = (method: string, path: string, type: string, body?: unknown, says?: Change['says']) =>
  change({ method, path, type, category: 'admin', body, ...(says ? { says } : {}) });

describe('an administrative change leaves one entry, at once', () => {
  it('for agents', async () => {
    const { agent_id } = await admin('POST', '/v1/agents', 'agent.created', { name: 'Ada' });
    const says = { agent_id, agent_name: 'Eva' };
    await admin('PATCH', `/v1/agents/${agent_id}`, 'agent.updated', { name: 'Eva' }, says);
    await admin('DELETE', `/v1/agents/${agent_id}`, 'agent.revoked', undefined, says);
    const again = await server.request('DELETE', `/v1/agents/${agent_id}`, { key: app.key });
    problem(again, 409, 'conflict');
  });

  it('for keys', async () => {
    const body = { name: 'k', scopes: ['events:read'] };
    const { key_id, key, prefix } = await admin('POST', '/v1/keys', 'api_key.minted', body);
    assert.equal(String(key).startsWith(String(prefix)), true);
    assert.ok(String(key).length >= 40 && String(prefix).length <= 12);
    const path = `/v1/keys/${key_id}`;
    const rotated = await admin('POST', `${path}/rotate`, 'api_key.rotated', {
      overlap_seconds: 60,
    });
    const { data } = await ask<{ data: Record<string, string>[] }>(server, 200, 'GET', '/v1/keys', {
      key: app.key,
    });
    assert.ok(data.some((row) => row.key_id === rotated.key_id && row.prefix === rotated.prefix));
    assert.ok(data.every((row) => row.hash === undefined && row.key === undefined));
    await admin('DELETE', `/v1/keys/${rotated.key_id}`, 'api_key.revoked');
    problem(await server.request('GET', '/v1/whoami', { key: rotated.key }), 401, 'unauthorized');
  });

  it('for callers', async () => {
    const says = { caller: 'nightly' };
    const body = { name: 'nightly', description: 'the nightly job' };
    await admin('POST', '/v1/callers', 'caller.registered', body, says);
    problem(await server.request('POST', '/v1/callers', { key: app.key, body }), 409, 'conflict');
    await admin('DELETE', '/v1/callers/nightly', 'caller.removed', undefined, says);
  });

  it('for providers, secrets and grants', async () => {
    const provider = {
      name: 'mail',
      base_url: 'https://mail.example/v1',
      auth: { type: 'bearer' },
    };
    const { provider_id } = await admin('POST', '/v1/providers', 'provider.created', provider, {
      provider: 'mail',
    });
    const taken = await server.request('POST', '/v1/providers', { key: app.key, body: provider });
    problem(taken, 409, 'conflict');
    const credential = (method: string, path: string, type: string, body?: unknown) =>
      change({ method, path, type, category: 'credential', body, says: { provider: 'mail' } });
    const stored = { provider: 'mail', name: 'mailbox', value: SECRET };
    const { secret_id } = await credential('POST', '/v1/secrets', 'secret.created', stored);
    const path = `/v1/secrets/${secret_id}`;
    await credential('POST', `${path}/rotate`, 'secret.rotated', { value: ROTATED });
    const principal = { type: 'user', id: 'user_7', email: 'u7@example.com' };
    const says = { provider: 'mail', principal_id: 'user_7', principal_email: 'u7@example.com' };
    const grant = (method: string, path: string, type: string, body?: unknown) =>
      change({ method, path, type, category: 'grant', body, says });
    const wanted = { provider: 'mail', secret_id, principal, agents: '*', scopes: ['read'] };
    const { grant_id } = await grant('POST', '/v1/grants', 'grant.created', wanted);
    await grant('PATCH', `/v1/grants/${grant_id}`, 'grant.updated', { scopes: ['read', 'send'] });
    const { scopes } = await ask(server, 200, 'GET', `/v1/grants/${grant_id}`, { key: app.key });
    assert.deepEqual(scopes, ['read', 'send']);
    const inUse = await server.request('DELETE', `/v1/providers/${provider_id}`, { key: app.key });
    problem(inUse, 409, 'conflict');
    await grant('DELETE', `/v1/grants/${grant_id}`, 'grant.revoked');
    await credential('DELETE', path, 'secret.revoked');
    await admin('PATCH', `/v1/providers/${provider_id}`, 'provider.updated', { timeout_ms: 500 });
    await admin('DELETE', `/v1/providers/${provider_id}`, 'provider.deleted');
  });

  it('for policies', async () => {
    const template = { kind: 'methods', methods: ['GET'] };
    const body = { name: 'read only', template };
    const { policy_id } = await admin('POST', '/v1/policies', 'policy.created', body);
    const path = `/v1/policies/${policy_id}`;
    const other = { name: 'read only', template: { kind: 'methods', methods: ['GET', 'HEAD'] } };
    await admin('PUT', path, 'policy.updated', other, { policy_id });
    await admin('DELETE', path, 'policy.deleted', undefined, { policy_id });
  });

  it('for apps, and the new one has a ledger of its own', async () => {
    const { app_id } = await ask<{ app_id: string }>(server, 201, 'POST', '/v1/apps', {
      body: { name: 'another' },
    });
    const made = (await find(server, undefined, { event_type: 'app.created' })).at(-1) as Entry;
    assert.deepEqual(made.args, { app_id, name: 'another' });
    const own = await ask<{ origin: string; size: number }>(
      server,
      200,
      'GET',
      `/v1/ledger?app_id=${app_id}`,
    );
    const home = await ask<{ origin: string; vkey: string }>(server, 200, 'GET', '/v1/ledger');
    assert.equal(own.size, 1);
    assert.notEqual(own.origin, home.origin);
    const [opened] = await find(server, undefined, { app_id });
    assert.equal(opened?.event_type, 'ledger.opened');
    assert.equal(opened?.seq, 0);
  });

  it('for many apps made at once, each with its own number', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `crowd ${n}`);
    const made = await Promise.all(
      names.map((name) => ask(server, 201, 'POST', '/v1/apps', { body: { name } })),
    );
    const ids = made.map(({ app_id }) => String(app_id));
    assert.equal(new Set(ids).size, names.length);
    for (const app_id of ids) {
      const entries = await find(server, undefined, { app_id });
      const types = entries.map((entry) => entry.event_type);
      assert.deepEqual(types, ['ledger.opened', 'trail.read']);
      assert.equal(entries[0]?.app_id, app_id);
    }
  });

  it('and reading is on the record as well', async () => {
    const key = (await makeKey(server, app, { scopes: ['events:read'] })).key;
    const asked = async (path: string, type: string) => {
      const before = (await find(server, app.key, { event_type: type })).length;
      await server.request('GET', path, { key });
      return (await find(server, app.key, { event_type: type })).length - before;
    };
    assert.equal(await asked('/v1/events?provider=mail', 'trail.read'), 1);
    assert.equal(await asked('/v1/events?provider=mail', 'trail.read'), 0, 'the same question');
    assert.equal(await asked('/v1/executions?provider=mail', 'trail.read'), 1);
    assert.equal(await asked('/v1/events/facets?field=provider', 'trail.read'), 1);
    assert.equal(await asked('/v1/events/histogram?by=outcome', 'trail.read'), 0, 'counted anew');
    assert.equal(await asked('/v1/events/histogram?provider=mail', 'trail.read'), 0, 'was listed');
    assert.equal(await asked('/v1/events/export?provider=mail', 'trail.exported'), 1);
    assert.equal(await asked('/v1/events/export?provider=mail', 'trail.exported'), 1);
  });

  it('and a cursor that was made up reads nothing off the record', async () => {
    const one = (await makeKey(server, app, { scopes: ['events:read'] })).key;
    const two = (await makeKey(server, app, { scopes: ['events:read'] })).key;
    const path = '/v1/events?category=admin&limit=1';
    const page = await ask<{ next_cursor: string }>(server, 200, 'GET', path, { key: one });
    const before = (await find(server, app.key, { event_type: 'trail.read' })).length;
    await ask(server, 200, 'GET', `${path}&cursor=${page.next_cursor}`, { key: two });
    assert.equal((await find(server, app.key, { event_type: 'trail.read' })).length, before + 1);
  });
});

/** What looks at no key: figures, sign-in, and the wallet, which a person opens. */
const KEYLESS = /^\/(metrics|v1\/(connect\/callback|sessions|sign-in(\/.*)?|wallet(\/.*)?))$/;

describe('apps', () => {
  const MARKER = 'marker-of-the-first-app';
  let first: AppUnderTest;
  let second: AppUnderTest;
  let things: Record<string, string>;

  before(async () => {
    first = await makeApp(server, 'first');
    second = await makeApp(server, 'second');
    const { key } = first;
    const agent = await makeAgent(server, first, MARKER);
    const granted = await makeGrant(server, first, {
      provider: MARKER,
      base_url: `https://${MARKER}.example/`,
      secret: SECRET,
      principal: { type: 'user', id: MARKER },
    });
    const template = { kind: 'methods', methods: ['GET'] };
    const { policy_id } = await ask<Record<string, string>>(server, 201, 'POST', '/v1/policies', {
      key,
      body: { name: MARKER, template },
    });
    await ask(server, 201, 'POST', '/v1/callers', { key, body: { name: MARKER } });
    const { events } = await ask<{ events: { event_id: string }[] }>(
      server,
      201,
      'POST',
      '/v1/events',
      { key, body: { event_type: 'note.taken', reason: MARKER, execution_id: MARKER } },
    );
    const event_id = String(events[0]?.event_id);
    things = {
      agent_id: agent.agent_id,
      key_id: agent.key_id,
      event_id,
      export_id: event_id,
      execution_id: MARKER,
      ...granted,
      policy_id: String(policy_id),
      name: MARKER,
    };
  });

  it('never show a thing of one to the key of another', async () => {
    const { paths } = await ask<{ paths: Record<string, Record<string, unknown>> }>(
      server,
      200,
      'GET',
      '/openapi.json',
    );
    const size = await ledgerSize(server, first.key);
    let seen = 0;
    for (const [path, methods] of Object.entries(paths)) {
      const ids: Record<string, string> = { ...things, app_id: first.app_id };
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] as string);
      for (const method of Object.keys(methods).map((one) => one.toUpperCase())) {
        const headers = { 'last-event-id': 'not a seq' };
        const body = path.endsWith('/rotate') ? { body: {} } : {};
        const options = { key: second.key, headers, ...body };
        if (KEYLESS.test(path)) continue;
        const answer = await server.request(method, filled, options);
        if (path.includes('{app_id}')) {
          problem(answer, 403, 'forbidden');
        } else if (filled !== path && path !== '/v1/actions/{verb}/begin') {
          // A body that is not valid may be refused before the thing is looked for.
          // Who reads what an id did, of which there is nothing here, gets nothing.
          const isEmpty = JSON.stringify(answer.body?.data) === '[]';
          const isHidden = answer.status === 404 || (method === 'GET' && isEmpty);
          const isRefused = answer.status === 400 && !['GET', 'DELETE'].includes(method);
          assert.ok(isHidden || isRefused, `${method} ${path}: ${answer.text}`);
        } else {
          // What a client carries out itself needs no verb, and is nobody's thing.
          assert.ok(!answer.text.includes(MARKER), `${method} ${path}: ${answer.text}`);
        }
        const named = `${filled}?app_id=${first.app_id}`;
        const crossed = await server.request(method, named, options);
        if (crossed.status !== 200) problem(crossed, 403, 'forbidden');
        else assert.match(path, /^\/(healthz|readyz|openapi\.json)$/);
        seen += 1;
      }
    }
    assert.ok(seen > 40);
    assert.equal(await ledgerSize(server, first.key), size);
  });

  it('cannot use things of another in their own', async () => {
    const { key } = second;
    const post = (path: string, body: unknown) => server.request('POST', path, { key, body });
    const { agent_id, secret_id, grant_id } = things;
    const made = { name: 'own', base_url: 'https://own.example', auth: { type: 'bearer' } };
    await ask(server, 201, 'POST', '/v1/providers', { key, body: made });
    const principal = { type: 'user', id: 'u' };
    const grant = { provider: 'own', secret_id, principal, agents: '*' };
    problem(await post('/v1/grants', grant), 404, 'not_found');
    problem(
      await post('/v1/keys', { name: 'k', scopes: ['events:read'], agent_id }),
      404,
      'not_found',
    );
    problem(await post('/v1/agents', { name: 'a', parent_agent_id: agent_id }), 404, 'not_found');
    problem(await post('/v1/request', { url: '/', grant_id }), 404, 'not_found');
    problem(
      await post('/v1/secrets', { provider: MARKER, name: 's', value: 'abcd' }),
      404,
      'not_found',
    );
  });

  it('are told apart by every list', async () => {
    for (const path of [
      'agents',
      'keys',
      'callers',
      'providers',
      'secrets',
      'grants',
      'policies',
    ]) {
      const { data } = await ask<{ data: unknown[] }>(server, 200, 'GET', `/v1/${path}`, {
        key: first.key,
      });
      assert.ok(JSON.stringify(data).includes(MARKER) || data.length > 0, path);
    }
    const { data } = await ask<{ data: { app_id: string }[] }>(server, 200, 'GET', '/v1/apps', {
      key: second.key,
    });
    assert.deepEqual(
      data.map((row) => row.app_id),
      [second.app_id],
    );
  });
});

describe('a key of the installation', () => {
  it('acts in the app that it names, in query or body', async () => {
    const { app_id } = app;
    await ask(server, 201, 'POST', `/v1/agents?app_id=${app_id}`, { body: { name: 'by query' } });
    await ask(server, 201, 'POST', '/v1/agents', { body: { name: 'by body', app_id } });
    const { data } = await ask<{ data: { name: string }[] }>(
      server,
      200,
      'GET',
      `/v1/agents?app_id=${app_id}`,
    );
    const names = data.map((row) => row.name);
    assert.ok(names.includes('by query') && names.includes('by body'));
    const entry = (await find(server, app.key, { event_type: 'agent.created' })).at(-1) as Entry;
    const root = await ask(server, 200, 'GET', '/v1/whoami');
    assert.equal(entry.actor_id, root.key_id, 'the record says whose key it was');
  });

  it('names one app only, and one that there is', async () => {
    const body = { name: 'x', app_id: 'app_default' };
    const both = await server.request('POST', `/v1/agents?app_id=${app.app_id}`, { body });
    assert.equal(problem(both, 400, 'invalid_request').field, 'app_id');
    problem(await server.request('GET', '/v1/agents?app_id=app_none'), 404, 'not_found');
    const twice = `/v1/agents?app_id=app_default&app_id=${app.app_id}`;
    problem(await server.request('GET', twice), 400, 'invalid_request');
    await ask(server, 200, 'GET', '/v1/agents?app_id=default');
  });

  it('is out of reach for an admin of the app that it lives in', async () => {
    const { key_id } = await ask<{ key_id: string }>(server, 200, 'GET', '/v1/whoami');
    const local = await makeKey(server, { key: server.adminKey }, { scopes: ['admin'] });
    const who = await ask(server, 200, 'GET', '/v1/whoami', { key: local.key });
    assert.equal(who.installation, false);
    const rotate = await server.request('POST', `/v1/keys/${key_id}/rotate`, {
      key: local.key,
      body: {},
    });
    problem(rotate, 403, 'forbidden');
    const revoke = await server.request('DELETE', `/v1/keys/${key_id}`, { key: local.key });
    problem(revoke, 403, 'forbidden');
    problem(
      await server.request('POST', '/v1/keys', {
        key: local.key,
        body: { name: 'k', scopes: ['installation'] },
      }),
      400,
      'invalid_request',
    );
    await ask(server, 200, 'GET', '/v1/whoami');
  });
});
