import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
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
import { problem, type AgentUnderTest, type AppUnderTest, type Entry } from './support/world.ts';

/** A brokered call from the outside: on the record before it happens and before it is answered. */

const SECRET = 'sk_live_brokered_51Hc92xKq';
const LARGE = 40_000;

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
/** What the trail showed while the service was handling a call. */
let seenMeanwhile: Record<string, unknown>[] = [];

async function lookMeanwhile(): Promise<void> {
  const { data } = await ask<{ data: Record<string, unknown>[] }>(
    server,
    200,
    'GET',
    '/v1/executions?run_id=run_meanwhile',
    { key: app.key },
  );
  seenMeanwhile = data;
}

before(async () => {
  server = await startAffidavit({ isFromSource: true });
  service = await startService(async ({ url, body }, response) => {
    const { pathname } = new URL(url, 'http://service');
    if (pathname === '/meanwhile') await lookMeanwhile();
    if (pathname === '/never') return;
    if (pathname === '/broken') {
      response.writeHead(500, { 'content-type': 'application/json', 'x-request': 'r-500' });
      response.end('{"error":"out of order"}');
      return;
    }
    if (pathname === '/large') {
      response.end('x'.repeat(LARGE));
      return;
    }
    if (pathname === '/bytes') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(Buffer.from([0xff, 0xfe, 0x00, 0x01]));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'x-kept': 'yes' });
    response.end(JSON.stringify({ path: url, echo: body }));
  });
  app = await makeApp(server, 'calls');
  agent = await makeAgent(server, app, 'Ada');
});
after(async () => {
  await service.close();
  await server.stop();
});

interface CallAnswer {
  readonly execution_id: string;
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly outcome: string;
  readonly body_encoding: string;
  readonly event_id: string;
  readonly seq: number;
}

const grantOn = (provider: string, more: object = {}) =>
  makeGrant(server, app, {
    provider,
    base_url: service.url,
    secret: SECRET,
    agents: [agent.agent_id],
    principal: { type: 'user', id: `user of ${provider}`, email: `${provider}@example.com` },
    ...more,
  });

function request(body: object, headers: Record<string, string> = {}) {
  return server.request<CallAnswer>('POST', '/v1/request', { key: agent.key, body, headers });
}

function done(answer: Answer<CallAnswer>): CallAnswer {
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

async function steps(execution_id: string): Promise<[Entry, Entry]> {
  const entries = await execution(server, app.key, execution_id);
  assert.deepEqual(
    entries.map((entry) => entry.event_type),
    ['credential.retrieved', 'api.called'],
  );
  return entries as [Entry, Entry];
}

describe('a brokered call', () => {
  it('has its intent on the record before the service is called, and its outcome before the answer', async () => {
    const { grant_id } = await grantOn('early');
    const before = await ledgerSize(server, app.key);
    const call = done(await request({ url: '/meanwhile', grant_id, run_id: 'run_meanwhile' }));
    assert.equal(seenMeanwhile.length, 1);
    const [open] = seenMeanwhile;
    assert.equal(open?.execution_id, call.execution_id);
    assert.equal(open?.event_type, 'credential.retrieved');
    assert.equal(open?.policy_decision, 'ALLOW');
    assert.equal(open?.url, `${service.url}/meanwhile`);
    assert.equal(open?.outcome, undefined);
    const [intent, outcome] = await steps(call.execution_id);
    assert.equal(outcome.event_id, call.event_id);
    assert.equal(outcome.seq, call.seq);
    assert.ok(intent.seq >= before && intent.seq < outcome.seq);
    assert.equal(outcome.outcome, 'success');
    const merged = await ask(server, 200, 'GET', `/v1/executions/${call.execution_id}`, {
      key: app.key,
    });
    assert.equal(merged.outcome, 'success');
    assert.equal(merged.response_status, 200);
    assert.deepEqual(
      (merged.entries as Entry[]).map((entry) => entry.seq),
      [intent.seq, outcome.seq],
    );
    const { data } = await ask<{ data: Entry[] }>(
      server,
      200,
      'GET',
      '/v1/executions?run_id=run_meanwhile',
      { key: app.key },
    );
    assert.deepEqual(
      data.map((entry) => entry.outcome),
      ['success'],
    );
  });

  it('is chained: every entry carries the hash of the one before', async () => {
    const entries = await find(server, app.key, {});
    assert.ok(entries.length > 10);
    assert.equal(entries[0]?.prev_hash, '0'.repeat(64));
    for (const [index, entry] of entries.entries()) {
      assert.equal(entry.seq, index);
      if (index > 0) assert.equal(entry.prev_hash, entries[index - 1]?.leaf_hash);
      assert.match(String(entry.leaf_hash), /^[0-9a-f]{64}$/);
    }
  });

  it('is found by every filter at once, and by none with another value', async () => {
    const { grant_id, provider_id } = await grantOn('filtered');
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const from = new Date(Date.now() - 60_000).toISOString();
    const call = done(
      await request(
        {
          url: '/items?page=2',
          grant_id,
          caller: 'nightly-sync',
          run_id: 'run_77',
          task_context: 'reconcile invoices',
          thread_id: 'thread_9',
          tenant_id: 'tenant_5',
          reason: 'The quarterly Zwiebelkuchen reconciliation',
          context: { tool: 'invoice-fetcher' },
          scopes: ['invoices.read'],
        },
        { traceparent },
      ),
    );
    const filters: Record<string, string> = {
      event_type: 'api.called',
      category: 'api',
      action_type: 'read',
      source: 'observed',
      tenant_id: 'tenant_5',
      actor_type: 'agent',
      actor_id: agent.agent_id,
      actor: 'Ada',
      caller: 'nightly-sync',
      caller_key_prefix: agent.prefix,
      agent_id: agent.agent_id,
      agent_name: 'Ada',
      agent: 'Ada',
      principal_type: 'user',
      principal_id: 'user of filtered',
      principal_email: 'filtered@example.com',
      user: 'filtered@example.com',
      run_id: 'run_77',
      task_context: 'reconcile invoices',
      thread_id: 'thread_9',
      execution_id: call.execution_id,
      provider: 'filtered',
      provider_id,
      grant_id,
      grant_kind: 'managed_secret',
      credential_masked: 'true',
      policy_decision: 'ALLOW',
      policy_id: 'builtin:delegation',
      method: 'GET',
      response_status: '200',
      source_ip: '127.0.0.1',
      outcome: 'success',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      from,
      to: new Date(Date.now() + 60_000).toISOString(),
      q: 'zwiebelk invoice-fetcher',
    };
    const found = await find(server, app.key, filters);
    assert.deepEqual(
      found.map((entry) => entry.event_id),
      [call.event_id],
    );
    const executions = await ask<{ data: Entry[] }>(
      server,
      200,
      'GET',
      `/v1/executions?${new URLSearchParams(filters)}`,
      { key: app.key },
    );
    assert.equal(executions.data.length, 1);
    const others: Record<string, string> = {
      event_type: 'credential.denied',
      category: 'grant',
      action_type: 'write',
      source: 'reported',
      actor_type: 'user',
      principal_type: 'group',
      grant_kind: 'oauth',
      credential_masked: 'false',
      policy_decision: 'DENY',
      response_status: '201',
      outcome: 'error',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4737',
      from: '2099-01-01T00:00:00Z',
      to: '2001-01-01T00:00:00Z',
    };
    for (const name of Object.keys(filters)) {
      const wrong = { ...filters, [name]: others[name] ?? 'something-else' };
      assert.deepEqual(await find(server, app.key, wrong), [], name);
    }
  });

  it('carries who, for whom, why and what on both entries', async () => {
    const { grant_id, provider_id } = await grantOn('complete');
    const call = done(
      await request({
        method: 'post',
        url: `${service.url}/orders`,
        grant_id,
        query: { page: 2, dry: true },
        headers: { 'X-Purpose': 'test' },
        json: { amount: 12.5, note: 'two chairs' },
        reason: 'order chairs',
        context: { tool: 'shop' },
        scopes: ['orders.write'],
      }),
    );
    assert.deepEqual(JSON.parse(call.body), {
      path: '/orders?page=2&dry=true',
      echo: '{"amount":12.5,"note":"two chairs"}',
    });
    assert.equal(call.headers['x-kept'], 'yes');
    const [intent, outcome] = await steps(call.execution_id);
    for (const entry of [intent, outcome]) {
      assert.equal(entry.actor_type, 'agent');
      assert.equal(entry.agent_id, agent.agent_id);
      assert.equal(entry.agent_name, 'Ada');
      assert.equal(entry.caller_key_prefix, agent.prefix);
      assert.equal(entry.provider_id, provider_id);
      assert.equal(entry.grant_kind, 'managed_secret');
      assert.equal(entry.principal_email, 'complete@example.com');
      assert.equal(entry.method, 'POST');
      assert.equal(entry.url, `${service.url}/orders?page=2&dry=true`);
      assert.equal(entry.reason, 'order chairs');
      assert.deepEqual(entry.context, { tool: 'shop' });
      assert.deepEqual(entry.scope_requested, ['orders.write']);
      assert.equal(entry.policy_decision, 'ALLOW');
      assert.ok(entry.policies_checked?.includes('builtin:grant_expiry'));
      assert.equal(entry.credential_masked, true);
      assert.equal(entry.source_ip, '127.0.0.1');
      assert.match(String(entry.trace_id), /^[0-9a-f]{32}$/);
    }
    assert.equal(intent.trace_id, outcome.trace_id);
    assert.equal(intent.category, 'credential');
    assert.equal(intent.response_status, undefined);
    assert.equal(outcome.category, 'api');
    assert.equal(outcome.action_type, 'write');
    assert.equal(outcome.response_status, 200);
    assert.equal(outcome.retry_count, 0);
    assert.ok(typeof outcome.latency_ms === 'number' && outcome.latency_ms >= 0);
    assert.deepEqual(outcome.request_headers, { 'X-Purpose': 'test' });
    assert.equal(outcome.request_body, '{"amount":12.5,"note":"two chairs"}');
    assert.equal((outcome.response_headers as Record<string, string>)['x-kept'], 'yes');
  });

  it('cannot be made to name another agent', async () => {
    const { grant_id } = await grantOn('honest');
    const answer = await request({ url: '/', grant_id, agent_id: 'agt_other' });
    assert.equal(problem(answer, 400, 'invalid_request').field, 'agent_id');
  });
});

describe('the credential', () => {
  const attachments: [string, object, string, (received: Record<string, unknown>) => unknown][] = [
    ['bearer', { type: 'bearer' }, SECRET, ({ authorization }) => authorization],
    ['header', { type: 'header', name: 'X-Api-Key' }, SECRET, (headers) => headers['x-api-key']],
    ['basic-pair', { type: 'basic' }, `ada:${SECRET}`, ({ authorization }) => authorization],
    ['basic-user', { type: 'basic', name: 'ada' }, SECRET, ({ authorization }) => authorization],
  ];
  const basic = `Basic ${Buffer.from(`ada:${SECRET}`).toString('base64')}`;
  const expected: Record<string, string> = {
    bearer: `Bearer ${SECRET}`,
    header: SECRET,
    'basic-pair': basic,
    'basic-user': basic,
  };

  for (const [name, auth, secret, read] of attachments) {
    it(`reaches the service as ${name}`, async () => {
      const { grant_id } = await grantOn(`auth-${name}`, { auth, secret });
      const { status } = done(await request({ url: '/who', grant_id }));
      assert.equal(status, 200);
      assert.equal(read(service.received.at(-1)?.headers ?? {}), expected[name]);
    });
  }

  it('reaches the service as a query parameter, and stays out of every address', async () => {
    const auth = { type: 'query', name: 'api_key' };
    const { grant_id } = await grantOn('auth-query', { auth });
    const call = await request({ url: '/who?a=1', grant_id });
    assert.equal(service.received.at(-1)?.url, `/who?a=1&api_key=${SECRET}`);
    assert.ok(!call.text.includes(SECRET));
    for (const entry of await steps(done(call).execution_id)) {
      assert.equal(entry.url, `${service.url}/who?a=1`);
      assert.ok(!JSON.stringify(entry).includes(SECRET));
    }
  });

  it('takes the place of one that the agent sent along', async () => {
    const { grant_id } = await grantOn('auth-replaced');
    done(await request({ url: '/', grant_id, headers: { AUTHORIZATION: 'Bearer own' } }));
    assert.equal(service.received.at(-1)?.headers.authorization, `Bearer ${SECRET}`);
  });

  it('is the new one right after a rotation, and none after a revocation', async () => {
    const { grant_id, secret_id } = await grantOn('auth-rotated');
    const body = { value: 'sk_second_value_0002' };
    await ask(server, 200, 'POST', `/v1/secrets/${secret_id}/rotate`, { key: app.key, body });
    done(await request({ url: '/', grant_id }));
    assert.equal(service.received.at(-1)?.headers.authorization, 'Bearer sk_second_value_0002');
    await ask(server, 200, 'DELETE', `/v1/secrets/${secret_id}`, { key: app.key });
    const calls = service.received.length;
    const { execution_id } = problem(await request({ url: '/', grant_id }), 409, 'conflict');
    assert.equal(service.received.length, calls);
    const [, outcome] = await steps(String(execution_id));
    assert.equal(outcome.outcome, 'error');
    assert.equal(outcome.error_code, 'conflict');
  });
});

describe('what a provider does', () => {
  it('is an answer even when it is an error of its own', async () => {
    const { grant_id } = await grantOn('failing');
    const call = done(await request({ url: '/broken', grant_id, method: 'DELETE' }));
    assert.equal(call.status, 500);
    assert.equal(call.outcome, 'provider_error');
    assert.equal(call.body, '{"error":"out of order"}');
    assert.equal(call.headers['x-request'], 'r-500');
    const [, outcome] = await steps(call.execution_id);
    assert.equal(outcome.outcome, 'provider_error');
    assert.equal(outcome.error_code, 'http_500');
    assert.equal(outcome.action_type, 'error');
  });

  it('is a network error when nobody listens, and is on the record', async () => {
    const { grant_id } = await grantOn('dead', { base_url: await deadUrl() });
    const answer = await request({ url: '/', grant_id });
    const { execution_id, reason } = problem(answer, 502, 'provider_unreachable');
    assert.equal(reason, 'refused');
    const [, outcome] = await steps(String(execution_id));
    assert.equal(outcome.outcome, 'network_error');
    assert.equal(outcome.error_code, 'network_refused');
    assert.equal(outcome.retry_count, 2);
    assert.equal(outcome.response_status, undefined);
  });

  it('has a deadline, the shorter of the call or that of the provider', async () => {
    const { grant_id } = await grantOn('slow', { timeout_ms: 300 });
    for (const limit of [{}, { timeout_ms: 150 }]) {
      const answer = await request({ url: '/never', grant_id, ...limit });
      const { execution_id, reason } = problem(answer, 502, 'provider_unreachable');
      assert.equal(reason, 'timeout');
      const [, outcome] = await steps(String(execution_id));
      assert.equal(outcome.outcome, 'network_error');
      assert.equal(outcome.error_code, 'network_timeout');
    }
  });

  it('is handed to the caller whole, and kept to 10 KB with a flag', async () => {
    const { grant_id } = await grantOn('large');
    const sent = 'y'.repeat(LARGE);
    const call = done(await request({ method: 'POST', url: '/large', grant_id, body: sent }));
    assert.equal(call.body, 'x'.repeat(LARGE));
    assert.equal(service.received.at(-1)?.body, sent);
    const [, outcome] = await steps(call.execution_id);
    assert.equal(outcome.response_body, 'x'.repeat(10_240));
    assert.equal(outcome.response_body_truncated, true);
    assert.equal(outcome.request_body, 'y'.repeat(10_240));
    assert.equal(outcome.request_body_truncated, true);
  });

  it('is not flagged at 10 KB sharp', async () => {
    const { grant_id } = await grantOn('sharp');
    const body = 'z'.repeat(10_240);
    const [, outcome] = await steps(
      done(await request({ method: 'POST', url: '/', grant_id, body })).execution_id,
    );
    assert.equal(outcome.request_body, body);
    assert.equal(outcome.request_body_truncated, undefined);
  });

  it('may be bytes, both ways', async () => {
    const { grant_id } = await grantOn('bytes');
    const body = Buffer.from([0, 200, 255]).toString('base64');
    const call = done(
      await request({ method: 'PUT', url: '/bytes', grant_id, body, body_encoding: 'base64' }),
    );
    assert.equal(call.body_encoding, 'base64');
    assert.equal(call.body, Buffer.from([0xff, 0xfe, 0x00, 0x01]).toString('base64'));
  });
});

describe('the trace of a call', () => {
  const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('is taken from traceparent, on both entries, and handed on', async () => {
    const { grant_id } = await grantOn('traced');
    const headers = { traceparent: TRACEPARENT };
    const call = done(await request({ url: '/', grant_id }, headers));
    assert.equal(service.received.at(-1)?.headers.traceparent, TRACEPARENT);
    for (const entry of await steps(call.execution_id)) {
      assert.equal(entry.trace_id, '4bf92f3577b34da6a3ce929d0e0e4736');
      assert.equal(entry.span_id, '00f067aa0ba902b7');
    }
  });

  it('is made where none came, or an invalid one', async () => {
    const { grant_id } = await grantOn('untraced');
    const broken = [
      'nonsense',
      TRACEPARENT.toUpperCase(),
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
      `ff${TRACEPARENT.slice(2)}`,
      `${TRACEPARENT}-more`,
    ];
    for (const traceparent of [undefined, ...broken]) {
      const headers = traceparent === undefined ? {} : { traceparent };
      const call = done(await request({ url: '/', grant_id }, headers));
      const [intent, outcome] = await steps(call.execution_id);
      assert.match(String(intent.trace_id), /^[0-9a-f]{32}$/);
      assert.notEqual(intent.trace_id, '4bf92f3577b34da6a3ce929d0e0e4736');
      assert.equal(intent.trace_id, outcome.trace_id);
      assert.equal(intent.span_id, undefined);
      assert.equal(service.received.at(-1)?.headers.traceparent, undefined);
    }
  });
});
