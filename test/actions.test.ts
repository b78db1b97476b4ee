import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { deadUrl, startService, type Service } from './support/service.ts';
import { act, defineVerb, REFUND } from './support/verbs.ts';
import { ask, execution, find, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** Verbs, and what agents do with them. */

const SECRET = 'sk_actions_99887766554433';
const VERB = REFUND.verb;

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let grant_id: string;

before(async () => {
  server = await startAffidavit();
  service = await startService(({ url, headers }, response) => {
    const status = url.includes('broken') ? 503 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 're_1', token: 'shown', echo: headers.authorization }));
  });
  app = await makeApp(server, 'actions');
  agent = await makeAgent(server, app, 'Ada');
  ({ grant_id } = await makeGrant(server, app, {
    provider: 'shop',
    base_url: service.url,
    secret: SECRET,
  }));
  await defineVerb(server, app);
});
after(async () => {
  await service.close();
  await server.stop();
});

const refund = (body: object, once?: string) => act(server, agent, VERB, { ...body }, once);

/** What every execution record of an action has (MISSION M14). */
const RECORD = `execution_id verb provider risk_level governance_status dry_run idempotent args
  duration_ms tenant_id credential_masked created_at outcome`.split(/\s+/);

function assertRecord(record: Record<string, unknown>): void {
  const missing = RECORD.filter((name) => record[name] === undefined);
  assert.deepEqual(missing, []);
  assert.equal(JSON.stringify(record).includes(SECRET), false);
}

/** The record as it is read back: everything that was told is in the ledger. */
async function assertStored(told: Record<string, unknown>): Promise<void> {
  const path = `/v1/executions/${String(told.execution_id)}`;
  const stored = await ask(server, 200, 'GET', path, { key: app.key });
  for (const name of [...RECORD, 'source', 'result', 'error_code', 'grant_id', 'policy_id']) {
    assert.deepEqual(stored[name], told[name], name);
  }
}

describe('an action', () => {
  it('is carried out, with one intent and one outcome, and answers its record', async () => {
    const args = { charge: 'ch_1', amount: 250, password: 'open sesame' };
    const answer = await refund({ args, reason: 'a broken cup', tenant_id: 'acme', run_id: 'r1' });
    assert.equal(answer.status, 200, answer.text);
    assertRecord(answer.body);
    const { execution_id, ...record } = answer.body;
    assert.deepEqual(
      [record.outcome, record.governance_status, record.risk_level, record.provider],
      ['success', 'approved', 'HIGH', 'shop'],
    );
    assert.deepEqual([record.dry_run, record.idempotent], [false, false]);
    assert.deepEqual(record.args, { charge: 'ch_1', amount: 250, password: '[masked]' });
    assert.deepEqual(record.result, {
      id: 're_1',
      token: '[masked]',
      echo: 'Bearer [credential masked]',
    });
    assert.deepEqual([record.policy_decision, record.grant_id], ['ALLOW', grant_id]);
    const sent = service.received.at(-1);
    assert.deepEqual([sent?.method, sent?.url], ['POST', '/v1/charges/ch_1/refunds']);
    assert.deepEqual(JSON.parse(sent?.body ?? ''), { amount: 250, password: 'open sesame' });
    const entries = await execution(server, app.key, execution_id);
    assert.deepEqual(
      entries.map(({ event_type, verb, outcome }) => [event_type, verb, outcome]),
      [
        ['credential.retrieved', VERB, undefined],
        ['action.executed', VERB, 'success'],
      ],
    );
    await assertStored(answer.body);
  });

  it('by a provider that says no is an answer, on the record as such', async () => {
    const { status, body } = await refund({ args: { charge: 'broken' }, tenant_id: 'acme' });
    assert.equal(status, 200);
    assertRecord(body);
    assert.deepEqual([body.outcome, body.error_code], ['provider_error', 'http_503']);
    await assertStored(body);
  });

  it('that never reached its provider fails with its record', async () => {
    await makeGrant(server, app, { provider: 'dead', base_url: await deadUrl(), secret: SECRET });
    await defineVerb(server, app, { verb: 'dead:poke', provider: 'dead' });
    const answer = await act(server, agent, 'dead:poke', { args: { charge: 'x' }, tenant_id: 'a' });
    const told = problem(answer, 502, 'provider_unreachable');
    assertRecord(told);
    assert.deepEqual([told.outcome, told.error_code], ['network_error', 'network_refused']);
    await assertStored(told);
  });

  it('with wrong arguments is refused, names the one at fault, and is on the record', async () => {
    const calls = service.received.length;
    const wrong: [object, string][] = [
      [{}, 'args.charge'],
      [{ charge: 'ch_1', amount: 0 }, 'args.amount'],
      [{ charge: 'ch_1', reverse_transfer: true }, 'args.reverse_transfer'],
      [{ charge: '../../admin' }, 'args.charge'],
      [{ charge: '..' }, 'args'],
    ];
    for (const [args, field] of wrong) {
      const answer = await refund({ args, tenant_id: 'acme' });
      const told = problem(answer, 400, 'invalid_request');
      assert.equal(told.field, field);
      assertRecord(told);
      const [entry] = await execution(server, app.key, told.execution_id);
      assert.deepEqual(
        [entry?.event_type, entry?.outcome, entry?.error_code, entry?.governance_status],
        ['action.blocked', 'error', 'invalid_request', 'blocked'],
      );
    }
    assert.equal(service.received.length, calls);
  });

  it('that nobody defined is refused, on the record', async () => {
    const told = problem(await act(server, agent, 'shop:nothing', {}), 404, 'not_found');
    const [entry] = await execution(server, app.key, told.execution_id);
    assert.deepEqual([entry?.verb, entry?.event_type], ['shop:nothing', 'action.blocked']);
  });

  it('that is blocked sends nothing and names the rule', async () => {
    const calls = service.received.length;
    await defineVerb(server, app, { verb: 'shop:forbidden', governance: 'block' });
    const body = { args: { charge: 'ch_1' }, tenant_id: 'acme' };
    const told = problem(await act(server, agent, 'shop:forbidden', body), 403, 'policy_denied');
    assertRecord(told);
    assert.deepEqual(
      [told.outcome, told.governance_status, told.policy_id, told.rule],
      ['blocked', 'blocked', 'builtin:governance', 'governance'],
    );
    await assertStored(told);
    assert.equal(service.received.length, calls);
  });

  it('that policy denies by its verb or risk is on the record with the policy', async () => {
    const cedar =
      'forbid (principal, action, resource) when { context has risk_level && context.risk_level == "CRITICAL" };';
    const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: { name: 'nothing critical', cedar },
    });
    await defineVerb(server, app, { verb: 'shop:close', risk_level: 'CRITICAL' });
    const body = { args: { charge: 'ch_1' }, tenant_id: 'acme' };
    const told = problem(await act(server, agent, 'shop:close', body), 403, 'policy_denied');
    assert.deepEqual(
      [told.policy_id, told.outcome, told.governance_status, told.verb],
      [policy_id, 'policy_denied', 'blocked', 'shop:close'],
    );
    await assertStored(told);
    assert.equal((await refund({ args: { charge: 'ch_1' } })).status, 200);
  });

  it('is found among executions by verb, governance, risk, outcome and tenant', async () => {
    const queries = [
      `verb=${encodeURIComponent(VERB)}`,
      'governance_status=blocked',
      'risk_level=CRITICAL',
      'outcome=provider_error',
      'tenant_id=acme',
    ];
    for (const query of queries) {
      const [name, value] = query.split('=') as [string, string];
      const path = `/v1/executions?${query}`;
      const page = await ask<{ data: Record<string, unknown>[] }>(server, 200, 'GET', path, {
        key: app.key,
      });
      assert.ok(page.data.length > 0, query);
      for (const one of page.data) assert.equal(one[name], decodeURIComponent(value), query);
    }
  });
});

describe('a secret among the arguments', () => {
  it('is on no entry and in no answer, wherever its verb sends it', async () => {
    const password = 'correct horse battery';
    await defineVerb(server, app, {
      verb: 'shop:login',
      url: '/v1/login/{charge}',
      query: { pw: '{password}' },
      headers: { 'x-note': 'pw {password}' },
      body: { pw: '{password}', nested: { text: 'it is {password}' } },
    });
    const args = { charge: 'ch_1', password };
    for (const dry_run of [true, false]) {
      const answer = await act(server, agent, 'shop:login', { args, dry_run }, 'login');
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text.includes('correct'), false, answer.text);
    }
    await act(server, agent, 'shop:login', { args, dry_run: false }, 'login');
    assert.match(service.received.at(-1)?.url ?? '', /pw=correct%20horse%20battery/);
    const entries = await find(server, app.key, { verb: 'shop:login' });
    assert.ok(entries.length >= 4);
    assert.equal(JSON.stringify(entries).includes('correct'), false);
  });
});

describe('a dry run', () => {
  it('says what would be sent and touches nothing', async () => {
    const calls = service.received.length;
    const args = { charge: 'ch 1?', amount: 3 };
    const { status, body } = await refund({ args, dry_run: true, tenant_id: 'acme' });
    assert.equal(status, 200);
    assertRecord(body);
    assert.deepEqual([body.outcome, body.dry_run], ['dry_run', true]);
    const { headers, ...rest } = body.result as { headers: Record<string, string> };
    assert.deepEqual(rest, {
      method: 'POST',
      url: `${service.url}/v1/charges/ch%201%3F/refunds`,
      body: { amount: 3 },
    });
    assert.equal(headers.authorization, '[masked]');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(service.received.length, calls);
    const entries = await execution(server, app.key, body.execution_id);
    assert.deepEqual(
      entries.map(({ event_type, outcome }) => [event_type, outcome]),
      [['action.executed', 'dry_run']],
    );
    await assertStored(body);
  });
});

describe('a verb', () => {
  const manage = (method: string, path: string, body?: object, key = app.key) =>
    server.request(method, path, { key, ...(body === undefined ? {} : { body }) });

  it('is defined, shown, listed, replaced and deleted, on the record', async () => {
    const made = await defineVerb(server, app, {
      verb: 'shop:get',
      method: 'get',
      url: '/v1/{charge}',
    });
    assert.deepEqual([made.method, made.governance, made.idempotent], ['GET', 'allow', false]);
    problem(await manage('POST', '/v1/verbs', { ...REFUND, verb: 'shop:get' }), 409, 'conflict');
    const path = '/v1/verbs/shop:get';
    assert.deepEqual((await manage('GET', path, undefined, agent.key)).body, made);
    const { verb: _, ...definition } = REFUND;
    const changed = await manage('PUT', path, { ...definition, risk_level: 'LOW' });
    assert.deepEqual([changed.status, changed.body.risk_level], [200, 'LOW']);
    const list = await manage('GET', '/v1/verbs', undefined, agent.key);
    const names = (list.body.data as { verb: string }[]).map(({ verb }) => verb);
    assert.ok(names.includes('shop:get') && names.includes(VERB));
    assert.equal((await manage('DELETE', path)).status, 200);
    problem(await manage('GET', path), 404, 'not_found');
    problem(await act(server, agent, 'shop:get', {}), 404, 'not_found');
    const changes = await find(server, app.key, { event_type: 'verb.*', verb: 'shop:get' });
    assert.deepEqual(
      changes.map(({ event_type }) => event_type),
      ['verb.created', 'verb.updated', 'verb.deleted'],
    );
  });

  it('that could not work or do harm is refused when it is saved', async () => {
    const wrong: [object, string][] = [
      [{ verb: 'no good' }, 'verb'],
      [{ provider: 'nobody' }, 'provider'],
      [{ url: 'https://elsewhere.example/{charge}' }, 'url'],
      [{ url: 'http://{charge}/v1' }, 'url'],
      [{ url: '/v1/{+charge}' }, 'url'],
      [{ url: '/v1/../{charge}' }, 'url'],
      [{ url: '/v1?{charge}=1' }, 'url'],
      [{ args_schema: { type: 'array' } }, 'args_schema'],
      [{ args_schema: { properties: { a: { type: 'strin' } } } }, 'args_schema'],
      [{ args_schema: { $ref: 'https://elsewhere.example/s.json' } }, 'args_schema'],
      [{ args_schema: { $id: 'x', type: 'object' } }, 'args_schema'],
      [{ args_schema: { unheard_of: 1 } }, 'args_schema'],
      [{ risk_level: 'TINY' }, 'risk_level'],
      [{ method: 'TRACE' }, 'method'],
      [{ method: 'GET', body: {} }, 'body'],
    ];
    for (const [more, field] of wrong) {
      const answer = await manage('POST', '/v1/verbs', { ...REFUND, verb: 'shop:wrong', ...more });
      assert.ok([400, 404].includes(answer.status), answer.text);
      assert.equal(answer.body.field, field, answer.text);
    }
  });

  it('with a slow pattern does not hold the server up', async () => {
    const args_schema = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    await defineVerb(server, app, { verb: 'shop:slow', url: '/v1', args_schema });
    const answer = await act(server, agent, 'shop:slow', { args: { a: `${'a'.repeat(60)}b` } });
    assert.match(problem(answer, 400, 'invalid_request').detail, /in time/);
  });

  it('puts arguments where its templates say', async () => {
    await defineVerb(server, app, {
      verb: 'shop:form',
      url: '/v1/{customer.id}/notes',
      args_schema: { type: 'object' },
      query: { expand: '{expand}', fixed: 'yes' },
      headers: { 'x-purpose': 'note by {author}' },
      body: { text: '{text}', meta: { tags: '{tags}' }, absent: '{absent}' },
      body_format: 'form',
    });
    const args = { customer: { id: 'c/1' }, text: 'a&b', tags: ['x'], author: 'Ada', expand: true };
    problem(await act(server, agent, 'shop:form', { args }), 400, 'invalid_request');
    const fine = { ...args, customer: { id: 'c1' } };
    assert.equal((await act(server, agent, 'shop:form', { args: fine })).status, 200);
    const sent = service.received.at(-1);
    assert.equal(sent?.url, '/v1/c1/notes?expand=true&fixed=yes');
    assert.equal(sent?.headers['x-purpose'], 'note by Ada');
    assert.equal(sent?.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(sent?.body, 'text=a%26b&meta%5Btags%5D%5B0%5D=x');
  });
});
