import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';

import { Affidavit, AuditUnavailable, ContextError } from './index.ts';
import { collect, jsonOf, sendJson, startLoopback } from './testing/loopback.ts';
import type { Answer } from './testing/loopback.ts';

async function start(t: TestContext, answer: Answer) {
  const server = await startLoopback(answer);
  t.after(server.close);
  const client = new Affidavit({ url: server.url, apiKey: 'ak_test', caller: 'suite@1' });
  return { server, client };
}

const envelope = (more: Record<string, unknown> = {}) => ({
  execution_id: 'exe_1',
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"ok":true}',
  body_encoding: 'utf8',
  ...more,
});

describe('mint', () => {
  it('asks for a token with what is bound, and a client that calls with it', async (t) => {
    const minted = { token_id: 'tok_1', token: 'aft_1_x', scope_granted: ['read'] };
    const { server, client } = await start(t, ({ path }, response) =>
      sendJson(
        response,
        path === '/v1/tokens' ? 201 : 200,
        path === '/v1/tokens' ? minted : envelope(),
      ),
    );
    const run = client.run('run_1', { task: 'report', context: { tool: 'mail' } });
    const { token } = await run.mint({ grant: 'grt_1', scopes: ['read'], ttlSeconds: 60 });
    const [asked] = server.seen;
    assert.deepEqual(jsonOf(asked), {
      grant_id: 'grt_1',
      scopes: ['read'],
      ttl_seconds: 60,
      context: { tool: 'mail' },
      run_id: 'run_1',
      task_context: 'report',
      caller: 'suite@1',
    });
    await run.withToken(token).request('GET', '/inbox');
    const call = server.seen[1];
    assert.equal(call?.headers.authorization, 'Bearer aft_1_x');
    assert.equal((jsonOf(call) as { run_id?: string }).run_id, 'run_1');
  });
});

describe('request', () => {
  it('sends the body of the contract and the key as bearer', async (t) => {
    const { server, client } = await start(t, (_, response) => sendJson(response, 200, envelope()));
    await client.request('POST', 'https://mail.test/send', {
      grant: 'grt_1',
      principal: 'alice',
      headers: new Headers({ 'x-a': '1' }),
      query: { page: 2, since: new Date(0), none: undefined },
      json: { to: 'bob' },
      reason: 'weekly report',
      context: { tool: 'mail' },
      run: 'run_1',
      task: 'report',
      scopes: ['mail.send'],
      idempotencyKey: 'idem-1',
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    });
    const [request] = server.seen;
    assert.equal(request?.path, '/v1/request');
    assert.equal(request?.headers.authorization, 'Bearer ak_test');
    assert.equal(request?.headers['idempotency-key'], 'idem-1');
    assert.equal(
      request?.headers['traceparent'],
      '00-11111111111111111111111111111111-2222222222222222-01',
    );
    assert.deepEqual(jsonOf(request), {
      method: 'POST',
      url: 'https://mail.test/send',
      grant_id: 'grt_1',
      principal_id: 'alice',
      headers: { 'x-a': '1' },
      query: { page: 2, since: '1970-01-01T00:00:00.000Z' },
      json: { to: 'bob' },
      reason: 'weekly report',
      context: { tool: 'mail' },
      run_id: 'run_1',
      task_context: 'report',
      scopes: ['mail.send'],
      caller: 'suite@1',
    });
  });

  it('answers with a standard Response that knows its execution', async (t) => {
    const { client } = await start(t, (_, response) => sendJson(response, 200, envelope()));
    const answer = await client.request('GET', 'https://mail.test/inbox', { provider: 'mail' });
    assert.ok(answer instanceof Response);
    assert.equal(answer.executionId, 'exe_1');
    assert.equal(answer.url, 'https://mail.test/inbox');
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual(await answer.json(), { ok: true });
  });

  it('gives a provider 500 as an answer, not as an error', async (t) => {
    const { client } = await start(t, (_, response) =>
      sendJson(response, 200, envelope({ status: 500, body: 'boom' })),
    );
    const answer = await client.request('GET', 'https://crm.test/', { provider: 'crm' });
    assert.equal(answer.ok, false);
    assert.equal(answer.status, 500);
    assert.equal(await answer.text(), 'boom');
  });

  it('takes and gives bytes as they are', async (t) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const body = Buffer.from(bytes).toString('base64');
    const { server, client } = await start(t, (_, response) =>
      sendJson(response, 200, envelope({ body, body_encoding: 'base64' })),
    );
    const answer = await client.request('PUT', 'https://x.test/', { provider: 'x', body: bytes });
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), bytes);
    const sent = jsonOf(server.seen[0]);
    assert.equal(sent['body_encoding'], 'base64');
    assert.equal(sent['body'], body);
  });

  for (const status of [204, 205, 304]) {
    it(`gives ${status} without a body`, async (t) => {
      const { client } = await start(t, (_, response) =>
        sendJson(response, 200, envelope({ status, body: '' })),
      );
      const answer = await client.request('GET', 'https://x.test/', { provider: 'x' });
      assert.equal(answer.status, status);
      assert.equal(answer.body, null);
    });
  }

  it('is sent once, whatever happens', async (t) => {
    const { server, client } = await start(t, (_, response) => {
      sendJson(response, 503, { code: 'audit_unavailable', detail: 'disk full' });
    });
    await assert.rejects(client.request('GET', 'https://x.test/'), AuditUnavailable);
    assert.equal(server.seen.length, 1);
  });
});

describe('context limits, before anything is sent', () => {
  const refused: [string, Record<string, string>, string][] = [
    ['21 keys', Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, ''])), 'context'],
    ['an empty key', { '': 'x' }, 'context'],
    ['a key of 65 characters', { ['k'.repeat(65)]: 'x' }, `context.${'k'.repeat(64)}`],
    ['a value of 513 characters', { tool: 'v'.repeat(513) }, 'context.tool'],
    ['a number', { tool: 1 } as unknown as Record<string, string>, 'context.tool'],
    [
      'more than 4096 bytes',
      Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, 'é'.repeat(250)])),
      'context',
    ],
  ];
  for (const [what, context, field] of refused) {
    it(`refuses ${what}`, async (t) => {
      const { server, client } = await start(t, (_, response) => sendJson(response, 201, {}));
      const expected = (error: unknown) => {
        assert.ok(error instanceof ContextError);
        assert.equal(error.code, 'invalid_context');
        return error.field;
      };
      await assert.rejects(client.request('GET', 'https://x.test/', { context }), (error) => {
        assert.equal(expected(error), field);
        return true;
      });
      const batch = [{ event_type: 'a.done' }, { event_type: 'a.done', context }];
      await assert.rejects(client.record(batch), (error) => {
        assert.equal(expected(error), `events[1].${field}`);
        return true;
      });
      assert.equal(server.seen.length, 0);
    });
  }

  it('checks what a run and a call make together', async (t) => {
    const { server, client } = await start(t, (_, response) => sendJson(response, 201, {}));
    const half = (name: string) =>
      Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${name}${n}`, 'x']));
    const run = client.run('run_1', { context: half('a') });
    await assert.rejects(run.record({ event_type: 'a.done', context: half('b') }), ContextError);
    assert.equal(server.seen.length, 0);
  });
});

describe('record', () => {
  it('repeats with the same Idempotency-Key until it is acknowledged', async (t) => {
    const answer = { events: [], checkpoint: 'note' };
    const { server, client } = await start(t, (_, response, index) => {
      if (index === 0) return response.destroy();
      if (index === 1)
        return sendJson(response, 503, { code: 'overloaded' }, { 'retry-after': '0' });
      return sendJson(response, 201, answer);
    });
    assert.deepEqual(await client.record({ event_type: 'tool.called' }), answer);
    const keys = new Set(server.seen.map((request) => request.headers['idempotency-key']));
    assert.equal(server.seen.length, 3);
    assert.equal(keys.size, 1);
    assert.match(String([...keys][0]), /^[0-9a-f-]{36}$/);
  });

  it('waits for a first attempt that is still at work on the other side', async (t) => {
    const { server, client } = await start(t, (_, response, index) => {
      if (index === 0) return response.destroy();
      const running = { code: 'conflict', field: 'Idempotency-Key' };
      return index === 1
        ? sendJson(response, 409, running)
        : sendJson(response, 201, { events: [] });
    });
    assert.deepEqual(await client.record({ event_type: 'a.done' }), { events: [] });
    assert.equal(server.seen.length, 3);
  });

  it('stops repeating after a bounded number of attempts', async (t) => {
    const { server, client } = await start(t, (_, response) =>
      sendJson(response, 503, { code: 'audit_unavailable', detail: 'disk full' }),
    );
    await assert.rejects(client.record({ event_type: 'a.done' }), AuditUnavailable);
    assert.equal(server.seen.length, 4);
  });

  it('does not wait for a Retry-After beyond its deadline', async (t) => {
    const { server, client } = await start(t, (_, response) =>
      sendJson(response, 503, { code: 'audit_unavailable' }, { 'retry-after': '3600' }),
    );
    await assert.rejects(client.record({ event_type: 'a.done' }), { retryAfterSeconds: 3600 });
    assert.equal(server.seen.length, 1);
  });

  it('does not repeat what is refused', async (t) => {
    const { server, client } = await start(t, (_, response) =>
      sendJson(response, 400, { code: 'invalid_event', field: 'event_type' }),
    );
    await assert.rejects(client.record({ event_type: '?' }), { code: 'invalid_event' });
    assert.equal(server.seen.length, 1);
  });

  it('sends one event as it is and several as a list, and asks for receipts', async (t) => {
    const { server, client } = await start(t, (_, response) => sendJson(response, 201, {}));
    await client.record({ event_type: 'a.done' }, { receipt: true });
    await client.record([{ event_type: 'b.done' }, { event_type: 'c.done', caller: 'own' }]);
    assert.deepEqual(jsonOf(server.seen[0]), { caller: 'suite@1', event_type: 'a.done' });
    assert.equal(server.seen[0]?.query.get('receipt'), 'true');
    assert.deepEqual(jsonOf(server.seen[1]), {
      events: [
        { caller: 'suite@1', event_type: 'b.done' },
        { caller: 'own', event_type: 'c.done' },
      ],
    });
  });
});

describe('run', () => {
  it('fills run, task and context, and a call wins', async (t) => {
    const { server, client } = await start(t, (request, response) =>
      request.path === '/v1/request'
        ? sendJson(response, 200, envelope())
        : sendJson(response, 201, { data: [], next_cursor: null, has_more: false }),
    );
    const run = client.run('run_7', { task: 'triage', context: { tool: 'a' }, agent: 'helper' });
    await run.request('GET', 'https://x.test/', { provider: 'x', context: { tool: 'b' } });
    await run.record({ event_type: 'a.done', task_context: 'own' });
    await collect(run.events());
    assert.deepEqual(jsonOf(server.seen[0]), {
      method: 'GET',
      url: 'https://x.test/',
      provider: 'x',
      context: { agent: 'helper', tool: 'b' },
      run_id: 'run_7',
      task_context: 'triage',
      caller: 'suite@1',
    });
    assert.deepEqual(jsonOf(server.seen[1]), {
      caller: 'suite@1',
      run_id: 'run_7',
      task_context: 'own',
      event_type: 'a.done',
      context: { agent: 'helper', tool: 'a' },
    });
    assert.equal(server.seen[2]?.query.get('run_id'), 'run_7');
  });
});
