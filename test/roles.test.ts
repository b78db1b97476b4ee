import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { ROLES, type Role } from '@affidavit/schema';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, find, makeAgent, makeApp, makeKey, problem } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** Roles of keys and of people: what each may do, and who may give which. */

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly access: string;
  readonly ownersOnly: boolean;
}

let server: Affidavit;
let app: AppUnderTest;
const keys = new Map<Role, { key: string; key_id: string }>();

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'roles');
  for (const role of ROLES) keys.set(role, await makeKey(server, app, { role }));
});
after(() => server.stop());

const keyOf = (role: Role) => keys.get(role)?.key as string;

async function operations(): Promise<Operation[]> {
  type Described = { 'x-access': string; 'x-owners-only'?: boolean };
  const { paths } = await ask<{ paths: Record<string, Record<string, Described>> }>(
    server,
    200,
    'GET',
    '/openapi.json',
    { key: null },
  );
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      access: described['x-access'],
      ownersOnly: described['x-owners-only'] === true,
    })),
  );
}

/** Asks in a way that cannot succeed where it would change something. */
function knock({ method, path }: Operation, key: string) {
  const concrete = path.replace('{app_id}', app.app_id).replaceAll(/\{\w+\}/g, 'none_such');
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
  const headers = { 'last-event-id': 'not a seq' };
  return server.request(method, concrete, { key, headers, ...body });
}

describe('every route', () => {
  it('is open to the roles that it is for, and to no other', async () => {
    const scopes: Record<Role, string[]> = {
      owner: ['admin'],
      admin: ['admin'],
      analyst: ['events:read', 'ledger:read'],
      auditor: ['ledger:read'],
      approver: ['approvals:decide'],
    };
    for (const operation of await operations()) {
      const { access, method, path, ownersOnly } = operation;
      // Only keys of the installation make apps.
      // A wallet is for no role: test/wallet.test.ts.
      if (access === 'public' || access === 'wallet' || (method === 'POST' && path === '/v1/apps'))
        continue;
      for (const role of ROLES) {
        const isSetUp = access === 'admin' || access === 'calls:execute';
        const reads = role === 'analyst' && isSetUp && method === 'GET';
        const named = scopes[role].includes('admin') || scopes[role].includes(access);
        const has = named || reads;
        const mayCall = access === 'any_key' || (has && (!ownersOnly || role === 'owner'));
        const answer = await knock(operation, keyOf(role));
        const what = `${role}: ${method} ${path}: ${answer.text.slice(0, 300)}`;
        if (mayCall) assert.ok(![401, 403].includes(answer.status), what);
        else assert.equal(answer.status, 403, what);
      }
    }
  });

  it('that an auditor reaches shows nothing of what an entry holds', async () => {
    const canary = 'canary-4711-raw-data';
    const { events } = await ask<{ events: { event_id: string }[] }>(
      server,
      201,
      'POST',
      '/v1/events',
      {
        key: app.key,
        body: {
          event_type: 'report.sent',
          reason: canary,
          principal_id: canary,
          actor_name: canary,
          args: { canary },
        },
      },
    );
    const event_id = events[0]?.event_id as string;
    const { size } = await ask<{ size: number }>(server, 200, 'GET', '/v1/ledger', {
      key: keyOf('auditor'),
    });
    const paths = [
      '/v1/ledger',
      '/v1/ledger/checkpoint',
      '/v1/ledger/keys',
      `/v1/ledger/tile/0/000.p/${size}`,
      `/v1/ledger/tile/entries/000.p/${size}`,
      '/v1/ledger/range?from=2020-01-01T00:00:00Z&to=2090-01-01T00:00:00Z',
      `/v1/ledger/proof/inclusion?event_id=${event_id}`,
      `/v1/ledger/proof/consistency?old=1&new=${size}`,
      '/v1/ledger/verify',
      '/v1/whoami',
    ];
    const reached = new Set<string>();
    for (const path of paths) {
      const answer = await server.request('GET', path, { key: keyOf('auditor') });
      assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 300)}`);
      assert.ok(!answer.text.includes(canary), path);
      assert.ok(!answer.bytes.toString('base64').includes(btoa(canary).slice(0, 16)), path);
      reached.add(path);
    }
    for (const path of [
      `/v1/events/${event_id}/evidence`,
      `/v1/events/${event_id}`,
      '/v1/events',
    ]) {
      problem(await server.request('GET', path, { key: keyOf('auditor') }), 403, 'forbidden');
      const read = await server.request('GET', path, { key: keyOf('analyst') });
      assert.ok(read.text.includes(canary), path);
    }
  });
});

describe('a key with a role', () => {
  it('is minted, shown and recorded with it', async () => {
    const minted = await ask(server, 201, 'POST', '/v1/keys', {
      key: app.key,
      body: { name: 'the auditors', role: 'auditor' },
    });
    assert.deepEqual([minted.role, minted.scopes], ['auditor', ['ledger:read']]);
    const who = await ask(server, 200, 'GET', '/v1/whoami', { key: String(minted.key) });
    assert.deepEqual([who.role, who.actor_type], ['auditor', 'operator']);
    const entries = await find(server, app.key, { event_type: 'api_key.minted' });
    assert.equal((entries.at(-1)?.args as { role?: string } | undefined)?.role, 'auditor');
    const rotated = await ask<{ key: string }>(
      server,
      201,
      'POST',
      `/v1/keys/${minted.key_id}/rotate`,
      { key: app.key },
    );
    const after = await ask(server, 200, 'GET', '/v1/whoami', { key: rotated.key });
    assert.equal(after.role, 'auditor');
  });

  it('has a role or scopes, and an agent none that administers', async () => {
    const mint = (body: object) =>
      server.request('POST', '/v1/keys', { key: app.key, body: { name: 'k', ...body } });
    problem(await mint({}), 400, 'invalid_request');
    problem(await mint({ role: 'owner', scopes: ['admin'] }), 400, 'invalid_request');
    problem(await mint({ role: 'king' }), 400, 'invalid_request');
    const { agent_id } = await makeAgent(server, app, 'Ada');
    for (const role of ['owner', 'admin']) {
      problem(await mint({ role, agent_id }), 400, 'invalid_request');
    }
  });

  it('of an admin makes, turns and revokes none that administers, but itself', async () => {
    const key = keyOf('admin');
    const owner = await makeKey(server, app, { role: 'owner' });
    const plain = await makeKey(server, app, { scopes: ['admin'] });
    for (const body of [
      { role: 'owner' },
      { role: 'admin' },
      { scopes: ['admin', 'events:read'] },
    ]) {
      const answer = await server.request('POST', '/v1/keys', {
        key,
        body: { name: 'k', ...body },
      });
      assert.equal(problem(answer, 403, 'forbidden').required_role, 'owner');
    }
    for (const { key_id } of [owner, plain]) {
      const turned = await server.request('POST', `/v1/keys/${key_id}/rotate`, { key, body: {} });
      problem(turned, 403, 'forbidden');
      problem(await server.request('DELETE', `/v1/keys/${key_id}`, { key }), 403, 'forbidden');
    }
    const { key_id } = await makeKey(server, { key }, { role: 'analyst' });
    await ask(server, 200, 'DELETE', `/v1/keys/${key_id}`, { key });
    const own = await makeKey(server, app, { role: 'admin' });
    const path = `/v1/keys/${own.key_id}/rotate`;
    const next = await ask<{ key: string }>(server, 201, 'POST', path, { key: own.key });
    const who = await ask(server, 200, 'GET', '/v1/whoami', { key: next.key });
    assert.equal(who.role, 'admin');
    await ask(server, 201, 'POST', '/v1/keys', {
      key: keyOf('owner'),
      body: { name: 'k', role: 'owner' },
    });
  });
});

describe('operators', () => {
  const add = (body: object, key = app.key) =>
    ask<Record<string, string>>(server, 201, 'POST', '/v1/operators', { key, body });
  const path = ({ operator_id }: Record<string, string>) => `/v1/operators/${operator_id}`;

  it('are added, changed, listed and removed on the record', async () => {
    const ada = await add({ email: 'Ada@Example.com', name: 'Ada', role: 'analyst' });
    assert.match(String(ada.operator_id), /^opr_/);
    assert.equal(ada.email, 'ada@example.com');
    const body = { role: 'auditor' };
    await ask(server, 200, 'PATCH', path(ada), { key: app.key, body });
    const { data } = await ask<{ data: Record<string, string>[] }>(
      server,
      200,
      'GET',
      '/v1/operators',
      { key: app.key },
    );
    assert.equal(data.find((one) => one.operator_id === ada.operator_id)?.role, 'auditor');
    await ask(server, 200, 'DELETE', path(ada), { key: app.key });
    problem(await server.request('DELETE', path(ada), { key: app.key }), 404, 'not_found');
    const entries = await find(server, app.key, { event_type: 'operator.*' });
    const ours = entries.filter(
      ({ args }) => (args as { operator_id?: string }).operator_id === ada.operator_id,
    );
    assert.deepEqual(
      ours.map(({ event_type, category }) => [event_type, category]),
      ['operator.added', 'operator.updated', 'operator.removed'].map((type) => [type, 'admin']),
    );
    assert.deepEqual(ours[1]?.args, {
      operator_id: ada.operator_id,
      email: 'ada@example.com',
      name: 'Ada',
      role: 'auditor',
      role_before: 'analyst',
    });
  });

  it('are found by address or subject, each once', async () => {
    await add({ email: 'eva@example.com', role: 'analyst' });
    const again = { email: 'EVA@example.com', role: 'auditor' };
    const twice = await server.request('POST', '/v1/operators', { key: app.key, body: again });
    problem(twice, 409, 'conflict');
    await add({ subject: '00u1', role: 'approver' });
    for (const body of [
      { role: 'analyst' },
      { email: 'no address', role: 'analyst' },
      { email: 'a@b.c', role: 'king' },
      { email: 'a@b.c' },
    ]) {
      const answer = await server.request('POST', '/v1/operators', { key: app.key, body });
      problem(answer, 400, 'invalid_request');
    }
  });

  it('become owner or admin by an owner alone', async () => {
    const key = keyOf('admin');
    const owner = await add({ email: 'boss@example.com', role: 'owner' }, keyOf('owner'));
    const ida = await add({ email: 'ida@example.com', role: 'analyst' }, key);
    const asAdmin = (method: string, where: string, body?: object) =>
      server.request(method, where, { key, ...(body && { body }) });
    const refused = [
      await asAdmin('POST', '/v1/operators', { email: 'x@example.com', role: 'owner' }),
      await asAdmin('POST', '/v1/operators', { email: 'x@example.com', role: 'admin' }),
      await asAdmin('PATCH', path(ida), { role: 'admin' }),
      await asAdmin('PATCH', path(owner), { role: 'analyst' }),
      await asAdmin('DELETE', path(owner)),
    ];
    for (const answer of refused) problem(answer, 403, 'forbidden');
    assert.equal((await asAdmin('PATCH', path(ida), { role: 'approver' })).status, 200);
    assert.equal((await asAdmin('DELETE', path(ida))).status, 200);
  });

  it('always have an owner among them, however many leave at once', async () => {
    const own = await makeApp(server, 'owners');
    const owners = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        add({ email: `owner${i}@example.com`, role: 'owner' }, own.key),
      ),
    );
    const leave = (who: Record<string, string>, index: number) =>
      index % 2 === 0
        ? server.request('DELETE', path(who), { key: own.key })
        : server.request('PATCH', path(who), { key: own.key, body: { role: 'analyst' } });
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(owners.map(leave));
      assert.ok(answers.every(({ status }) => [200, 404, 409].includes(status)));
      const { data } = await ask<{ data: { role: string }[] }>(
        server,
        200,
        'GET',
        '/v1/operators',
        { key: own.key },
      );
      const left = data.filter(({ role }) => role === 'owner').length;
      assert.ok(left >= 1);
      if (left === 1) break;
    }
    const { data } = await ask<{ data: Record<string, string>[] }>(
      server,
      200,
      'GET',
      '/v1/operators',
      { key: own.key },
    );
    const last = data.find(({ role }) => role === 'owner') as Record<string, string>;
    for (const one of data.filter(({ role }) => role === 'owner').slice(1)) {
      await ask(server, 200, 'DELETE', path(one), { key: own.key });
    }
    problem(await server.request('DELETE', path(last), { key: own.key }), 409, 'conflict');
    const demoted = { key: own.key, body: { role: 'admin' } };
    problem(await server.request('PATCH', path(last), demoted), 409, 'conflict');
    await ask(server, 200, 'PATCH', path(last), { key: own.key, body: { name: 'the last' } });
  });
});
