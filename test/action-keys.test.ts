import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { deadUrl, startService, type Service } from './support/service.ts';
import { eventually } from './support/trail.ts';
import { act, defineVerb, REFUND } from './support/verbs.ts';
import { ask, execution, find, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** The fence around actions: an Idempotency-Key has its effect once, whatever happens. */

const SECRET = 'sk_fence_1122334455667788';
const VERB = REFUND.verb;

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;

before(async () => {
  server = await startAffidavit();
  service = await startService(async ({ url }, response) => {
    if (url.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 200));
    if (url.includes('reset')) return void response.destroy();
    response.writeHead(url.includes('broken') ? 422 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: `re_${service.received.length}` }));
  });
  app = await makeApp(server, 'fence');
  agent = await makeAgent(server, app, 'Ada');
  await makeGrant(server, app, { provider: 'shop', base_url: service.url, secret: SECRET });
  await defineVerb(server, app);
});
after(async () => {
  await service.close();
  await server.stop();
});

const refund = (charge: string, once: string, more: object = {}) =>
  act(server, agent, VERB, { args: { charge }, ...more }, once);

describe('an action under a key', () => {
  it('is replayed with its result, as an execution of its own that names the first', async () => {
    const first = await refund('ch_1', 'a1', { tenant_id: 'acme' });
    assert.equal(first.status, 200, first.text);
    assert.equal(first.body.idempotent, false);
    const calls = service.received.length;
    const { status, body, headers } = await refund('ch_1', 'a1', { tenant_id: 'acme' });
    assert.equal(status, 200);
    assert.equal(service.received.length, calls);
    assert.deepEqual([body.outcome, body.idempotent], ['replayed', true]);
    assert.equal(headers['idempotent-replayed'], 'true');
    assert.notEqual(body.execution_id, first.body.execution_id);
    for (const name of ['result', 'args', 'grant_id', 'tenant_id', 'risk_level', 'provider']) {
      assert.deepEqual(body[name], first.body[name], name);
    }
    const [entry, ...more] = await execution(server, app.key, body.execution_id);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [entry?.event_type, entry?.outcome, entry?.idempotent, entry?.result],
      ['action.executed', 'replayed', true, first.body.result],
    );
    assert.deepEqual(entry?.policy_context, {
      rule: 'idempotency_key',
      replay_of: first.body.execution_id,
    });
  });

  it('with another body is refused, on the record', async () => {
    const first = await refund('ch_2', 'a2');
    assert.equal(first.status, 200, first.text);
    const calls = service.received.length;
    const told = problem(await refund('ch_3', 'a2'), 422, 'idempotency_mismatch');
    assert.equal(service.received.length, calls);
    const [entry] = await execution(server, app.key, told.execution_id);
    assert.deepEqual(
      [entry?.event_type, entry?.outcome, entry?.error_code],
      ['action.blocked', 'blocked', 'idempotency_mismatch'],
    );
  });

  it('sent by a hundred at once has one effect, and all get its result', async () => {
    const calls = service.received.length;
    const answers = await Promise.all(Array.from({ length: 100 }, () => refund('slow', 'a3')));
    assert.equal(service.received.length - calls, 1);
    const other = answers.filter(({ body }) => body.outcome !== 'replayed');
    assert.deepEqual(
      other.map(({ status, body, text }) => (body.outcome === 'success' ? status : text)),
      [200],
    );
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body.result))).size, 1);
    const made = await find(server, app.key, { event_type: 'credential.retrieved', verb: VERB });
    assert.equal(made.filter((one) => JSON.stringify(one.args).includes('slow')).length, 1);
  });

  it('belongs to who sent it and to its verb', async () => {
    const other = await makeAgent(server, app, 'Bob');
    await defineVerb(server, app, { verb: 'shop:other' });
    const calls = service.received.length;
    await refund('ch_4', 'a4');
    await act(server, other, VERB, { args: { charge: 'ch_4' } }, 'a4');
    await act(server, agent, 'shop:other', { args: { charge: 'ch_4' } }, 'a4');
    assert.equal(service.received.length - calls, 3);
  });

  it('that the provider refused is kept, and replayed', async () => {
    const first = await refund('broken', 'a5');
    assert.equal(first.body.outcome, 'provider_error');
    const calls = service.received.length;
    const { body } = await refund('broken', 'a5');
    assert.deepEqual([body.outcome, body.error_code], ['replayed', 'http_422']);
    assert.equal(service.received.length, calls);
  });

  it('that left no effect may be sent again', async () => {
    problem(await refund('', 'a6'), 400, 'invalid_request');
    assert.equal((await refund('ch_6', 'a6')).body.outcome, 'success');
    await makeGrant(server, app, { provider: 'dead', base_url: await deadUrl(), secret: SECRET });
    await defineVerb(server, app, { verb: 'dead:poke', provider: 'dead' });
    for (const _ of [1, 2]) {
      const answer = await act(server, agent, 'dead:poke', { args: { charge: 'x' } }, 'a6');
      const told = problem(answer, 502, 'provider_unreachable');
      assert.equal((await execution(server, app.key, told.execution_id)).length, 2);
    }
  });

  it('that may have had its effect is never sent again', async () => {
    problem(await refund('reset', 'a7'), 502, 'provider_unreachable');
    const calls = service.received.length;
    const told = problem(await refund('reset', 'a7'), 409, 'conflict');
    assert.match(String(told.first_execution_id), /^exe_/);
    assert.equal(service.received.length, calls);
  });

  it('counts once against a rate, however often it is sent', async () => {
    await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: {
        name: 'one',
        template: { kind: 'rate', limit: 1, window_seconds: 3600 },
        applies_to: { provider: 'rated' },
      },
    });
    await makeGrant(server, app, { provider: 'rated', base_url: service.url, secret: SECRET });
    await defineVerb(server, app, { verb: 'rated:refund', provider: 'rated' });
    const send = () => act(server, agent, 'rated:refund', { args: { charge: 'slow' } }, 'a10');
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    const outcomes = answers.map(({ body }) => String(body.outcome)).sort();
    assert.deepEqual(
      [outcomes[0], outcomes[18], outcomes[19]],
      ['replayed', 'replayed', 'success'],
    );
    problem(
      await act(server, agent, 'rated:refund', { args: { charge: 'b' } }),
      403,
      'policy_denied',
    );
  });

  it('as a dry run takes no key', async () => {
    assert.equal((await refund('ch_8', 'a8', { dry_run: true })).body.outcome, 'dry_run');
    assert.equal((await refund('ch_8', 'a8')).body.outcome, 'success');
  });

  it('is answered 410 when what it did was erased, and is not done again', async () => {
    const { body } = await refund('ch_9', 'a9');
    const entries = await execution(server, app.key, body.execution_id);
    await ask(server, 201, 'POST', '/v1/erasures', {
      key: app.key,
      body: { event_ids: entries.map(({ event_id }) => event_id), reason: 'asked for' },
    });
    const calls = service.received.length;
    problem(await refund('ch_9', 'a9'), 410, 'gone');
    assert.equal(service.received.length, calls);
  });
});

describe('a crash between effect and outcome', () => {
  it('leaves an unknown outcome, and the key is never used again', async () => {
    const dataFolder = temporaryFolder();
    let arrived: () => void = () => undefined;
    const handling = new Promise<void>((resolve) => (arrived = resolve));
    const paying = await startService(() => arrived());
    const first = await startAffidavit({ dataFolder });
    const own = await makeApp(first, 'crash');
    const worker = await makeAgent(first, own, 'Ada');
    await makeGrant(first, own, { provider: 'shop', base_url: paying.url, secret: SECRET });
    await defineVerb(first, own);
    const pay = (on: Affidavit) => act(on, worker, VERB, { args: { charge: 'ch_1' } }, 'once');
    const lost = pay(first).catch(() => undefined);
    await handling;
    await first.kill('SIGKILL');
    await lost;
    const second = await startAffidavit({ dataFolder });
    try {
      const entries = () => find(second, own.key, { verb: VERB, outcome: 'unknown' });
      await eventually('the intent is closed', async () => (await entries()).length > 0, 60_000);
      const [entry] = await entries();
      assert.deepEqual(
        [entry?.event_type, entry?.governance_status, entry?.args],
        ['action.executed', 'approved', { charge: 'ch_1' }],
      );
      const told = problem(await pay(second), 409, 'conflict');
      assert.equal(told.first_execution_id, entry?.execution_id);
      assert.equal(paying.received.length, 1);
    } finally {
      await second.stop();
      await paying.close();
    }
  });
});
