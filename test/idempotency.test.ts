import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { deadUrl, startService, type Service } from './support/service.ts';
import {
  ask,
  execution,
  find,
  ledgerSize,
  makeAgent,
  makeApp,
  makeGrant,
} from './support/world.ts';
import { eventually } from './support/trail.ts';
import { problem, type AgentUnderTest, type AppUnderTest } from './support/world.ts';

/** A request that is sent again under its Idempotency-Key has its effect once. */

const SECRET = 'sk_idempotent_5544332211';

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let grant_id: string;

before(async () => {
  server = await startAffidavit();
  service = await startService(async ({ url }, response) => {
    if (url.startsWith('/slow')) await new Promise((resolve) => setTimeout(resolve, 150));
    response.end(`call ${service.received.length}`);
  });
  app = await makeApp(server, 'idempotency');
  agent = await makeAgent(server, app, 'Ada');
  ({ grant_id } = await makeGrant(server, app, {
    provider: 'api',
    base_url: service.url,
    secret: SECRET,
  }));
});
after(async () => {
  await service.close();
  await server.stop();
});

const once = (key: string) => ({ 'idempotency-key': key });

function post(path: string, body: unknown, idempotencyKey: string, key = app.key) {
  return server.request('POST', path, { key, body, headers: once(idempotencyKey) });
}

interface Written {
  readonly events: { event_id: string; seq: number; leaf_hash: string }[];
}

describe('events', () => {
  it('that are sent again are the same entries', async () => {
    const body = { events: [{ event_type: 'a.b' }, { event_type: 'a.c', reason: 'twice' }] };
    const first = await server.request<Written>('POST', '/v1/events', {
      key: app.key,
      body,
      headers: once('e1'),
    });
    assert.equal(first.status, 201);
    const size = await ledgerSize(server, app.key);
    const again = await server.request<Written>('POST', '/v1/events', {
      key: app.key,
      body,
      headers: once('e1'),
    });
    assert.equal(again.status, 201);
    assert.deepEqual(again.body.events, first.body.events);
    assert.equal(await ledgerSize(server, app.key), size);
    const other = await post('/v1/events', { event_type: 'a.d' }, 'e1');
    problem(other, 422, 'idempotency_mismatch');
    assert.equal(await ledgerSize(server, app.key), size);
  });

  it('under the same key of another caller are their own', async () => {
    const body = { event_type: 'a.b' };
    const mine = await ask<Written>(server, 201, 'POST', '/v1/events', {
      key: app.key,
      body,
      headers: once('e2'),
    });
    const theirs = await ask<Written>(server, 201, 'POST', '/v1/events', {
      key: agent.key,
      body,
      headers: once('e2'),
    });
    assert.notEqual(mine.events[0]?.event_id, theirs.events[0]?.event_id);
  });

  it('with an id of their own are safe without a key', async () => {
    const body = { event_type: 'a.b', event_id: 'evt_mine_1', reason: 'x' };
    const first = await ask<Written>(server, 201, 'POST', '/v1/events', { key: app.key, body });
    const again = await ask<Written>(server, 201, 'POST', '/v1/events', { key: app.key, body });
    assert.deepEqual(again.events, first.events);
    const other = await server.request('POST', '/v1/events', {
      key: app.key,
      body: { ...body, reason: 'y' },
    });
    problem(other, 409, 'conflict');
  });

  it('sent by many at once are one entry each', async () => {
    const body = { event_type: 'crowd.came' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        server.request<Written>('POST', '/v1/events', { key: app.key, body, headers: once('e3') }),
      ),
    );
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([201]));
    assert.equal(new Set(answers.map((answer) => answer.body.events[0]?.event_id)).size, 1);
    assert.equal((await find(server, app.key, { event_type: 'crowd.came' })).length, 1);
  });
});

describe('an administrative request', () => {
  it('that is sent again gives the same answer, the key it showed included', async () => {
    const body = { name: 'once', scopes: ['events:read'] };
    const first = await post('/v1/keys', body, 'k1');
    assert.equal(first.status, 201);
    assert.equal(first.headers['idempotent-replayed'], undefined);
    const size = await ledgerSize(server, app.key);
    const again = await post('/v1/keys', body, 'k1');
    assert.equal(again.status, 201);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.deepEqual(again.body, first.body);
    assert.equal(await ledgerSize(server, app.key), size);
    await ask(server, 200, 'GET', '/v1/whoami', { key: String(again.body.key) });
    const mismatch = await post('/v1/keys', { ...body, name: 'twice' }, 'k1');
    problem(mismatch, 422, 'idempotency_mismatch');
    problem(await post('/v1/agents', { name: 'other' }, 'k1'), 422, 'idempotency_mismatch');
  });

  it('sent by many at once makes one thing', async () => {
    const body = { name: 'crowd' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/agents', body, 'k2')),
    );
    const made = answers.filter((answer) => answer.status === 201);
    assert.ok(made.length >= 1);
    assert.equal(new Set(made.map((answer) => answer.body.agent_id)).size, 1);
    for (const answer of answers) if (answer.status !== 201) problem(answer, 409, 'conflict');
    const created = await find(server, app.key, { event_type: 'agent.created' });
    assert.equal(created.filter((entry) => entry.agent_name === 'crowd').length, 1);
  });

  it('that was refused may be sent again, corrected', async () => {
    problem(await post('/v1/agents', { name: '' }, 'k3'), 400, 'invalid_request');
    problem(
      await post('/v1/agents', { name: 'a', parent_agent_id: 'agt_none' }, 'k3'),
      404,
      'not_found',
    );
    assert.equal((await post('/v1/agents', { name: 'a' }, 'k3')).status, 201);
  });

  it('has a key that can be a key', async () => {
    for (const key of ['', 'x'.repeat(256), 'with space', 'ümlaut']) {
      const answer = await post('/v1/agents', { name: 'a' }, Buffer.from(key).toString('latin1'));
      assert.equal(problem(answer, 400, 'invalid_request').field, 'Idempotency-Key');
    }
  });
});

describe('a call', () => {
  const call = (idempotencyKey: string, more: object = {}) =>
    post(
      '/v1/request',
      { method: 'POST', url: '/pay', grant_id, ...more },
      idempotencyKey,
      agent.key,
    );

  it('that is sent again has one effect and one answer', async () => {
    const first = await call('c1');
    assert.equal(first.status, 200, first.text);
    const calls = service.received.length;
    const size = await ledgerSize(server, app.key);
    const again = await call('c1');
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.deepEqual(again.body, first.body);
    assert.equal(service.received.length, calls);
    assert.equal(await ledgerSize(server, app.key), size);
    problem(await call('c1', { url: '/other' }), 422, 'idempotency_mismatch');
    assert.equal(service.received.length, calls);
  });

  it('sent by twenty at once has one effect', async () => {
    const calls = service.received.length;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call('c2', { url: '/slow' })),
    );
    assert.equal(service.received.length - calls, 1);
    const done = answers.filter((answer) => answer.status === 200);
    assert.ok(done.length >= 1);
    assert.equal(new Set(done.map((answer) => answer.body.execution_id)).size, 1);
    for (const answer of answers) if (answer.status !== 200) problem(answer, 409, 'conflict');
    const replay = await call('c2', { url: '/slow' });
    assert.equal(replay.body.execution_id, done[0]?.body.execution_id);
    assert.equal((await execution(server, app.key, replay.body.execution_id)).length, 2);
  });

  it('that failed on the record is answered as it was, and not made again', async () => {
    const provider = 'dead';
    await makeGrant(server, app, { provider, base_url: await deadUrl(), secret: SECRET });
    const first = problem(
      await call('c3', { grant_id: undefined, provider }),
      502,
      'provider_unreachable',
    );
    const size = await ledgerSize(server, app.key);
    const answer = await call('c3', { grant_id: undefined, provider });
    const again = problem(answer, 502, 'provider_unreachable');
    assert.equal(answer.headers['idempotent-replayed'], 'true');
    assert.equal(again.execution_id, first.execution_id);
    assert.notEqual(again.request_id, first.request_id);
    assert.equal(await ledgerSize(server, app.key), size);
  });

  it('that was denied is denied again under its key', async () => {
    const own = await makeGrant(server, app, {
      provider: 'private',
      base_url: service.url,
      secret: SECRET,
      agents: [],
    });
    const first = problem(await call('c4', { grant_id: own.grant_id }), 403, 'policy_denied');
    const again = problem(await call('c4', { grant_id: own.grant_id }), 403, 'policy_denied');
    assert.equal(again.execution_id, first.execution_id);
    assert.equal(again.policy_id, 'builtin:delegation');
  });
});

describe('a crash while the service is handling a call', () => {
  it('leaves an intent that is closed as unknown, and a repeat does not call again', async () => {
    const dataFolder = temporaryFolder();
    let arrived: () => void = () => undefined;
    const handling = new Promise<void>((resolve) => (arrived = resolve));
    // Never answers: the server dies while it waits.
    const paying = await startService(() => arrived());
    const first = await startAffidavit({ dataFolder });
    const own = await makeApp(first, 'crash');
    const worker = await makeAgent(first, own, 'Ada');
    const granted = await makeGrant(first, own, {
      provider: 'pay',
      base_url: paying.url,
      secret: SECRET,
    });
    const asked = {
      key: worker.key,
      headers: once('pay-once'),
      body: { method: 'POST', url: '/pay', grant_id: granted.grant_id, run_id: 'run_crash' },
    };
    const lost = first.request('POST', '/v1/request', asked).then(
      () => 'answered',
      () => 'lost',
    );
    await handling;
    await first.kill('SIGKILL');
    assert.equal(await lost, 'lost');

    const second = await startAffidavit({ dataFolder });
    try {
      const found = () => find(second, own.key, { run_id: 'run_crash' });
      await eventually('the intent is closed', async () => (await found()).length > 1, 60_000);
      const entries = await found();
      assert.deepEqual(
        entries.map(({ event_type, outcome }) => [event_type, outcome]),
        [
          ['credential.retrieved', undefined],
          ['api.called', 'unknown'],
        ],
      );
      assert.equal(entries[0]?.execution_id, entries[1]?.execution_id);
      assert.equal(entries[1]?.grant_id, granted.grant_id);
      const repeat = await second.request('POST', '/v1/request', asked);
      assert.equal(problem(repeat, 409, 'conflict').field, 'Idempotency-Key');
      assert.equal(paying.received.length, 1);
      const { data } = await ask<{ data: { outcome: string }[] }>(
        second,
        200,
        'GET',
        '/v1/executions?run_id=run_crash',
        { key: own.key },
      );
      assert.deepEqual(
        data.map((one) => one.outcome),
        ['unknown'],
      );
    } finally {
      await second.stop();
      await paying.close();
    }
  });
});
