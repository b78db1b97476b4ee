import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';

import { Affidavit, AffidavitApiError, AuditUnavailable, ConnectionError } from './index.ts';
import { EgressBlocked, PolicyDenied, ProviderUnreachable } from './index.ts';
import { sendJson, startLoopback } from './testing/loopback.ts';
import type { Answer } from './testing/loopback.ts';

async function start(t: TestContext, answer: Answer) {
  const server = await startLoopback(answer);
  t.after(server.close);
  const client = new Affidavit({ url: server.url, apiKey: 'ak_test', caller: 'suite@1' });
  return { server, client };
}

describe('typed errors', () => {
  const failing = async (t: TestContext, status: number, problem: Record<string, unknown>) => {
    const { client } = await start(t, (_, response) =>
      sendJson(response, status, problem, { 'retry-after': '7', 'x-request-id': 'req_9' }),
    );
    return client.request('GET', 'https://x.test/').then(
      () => assert.fail('it was answered'),
      (error: unknown) => error,
    );
  };

  it('tells a policy denial with its policy, rule and explanation', async (t) => {
    const error = await failing(t, 403, {
      code: 'policy_denied',
      detail: 'denied',
      policy_id: 'pol_1',
      rule: 'time_window',
      explanation: 'Outside 09:00 to 18:00.',
      execution_id: 'exe_3',
    });
    assert.ok(error instanceof PolicyDenied);
    assert.equal(error.policyId, 'pol_1');
    assert.equal(error.rule, 'time_window');
    assert.equal(error.explanation, 'Outside 09:00 to 18:00.');
    assert.equal(error.executionId, 'exe_3');
    assert.equal(error.status, 403);
    assert.equal(error.requestId, 'req_9');
  });

  it('tells a dead provider with its execution', async (t) => {
    const error = await failing(t, 502, { code: 'provider_unreachable', execution_id: 'exe_4' });
    assert.ok(error instanceof ProviderUnreachable);
    assert.equal(error.executionId, 'exe_4');
  });

  it('tells a blocked address', async (t) => {
    assert.ok((await failing(t, 403, { code: 'egress_blocked' })) instanceof EgressBlocked);
  });

  it('tells an unwritable trail with the time to come back', async (t) => {
    const error = await failing(t, 503, { code: 'audit_unavailable', detail: 'disk full' });
    assert.ok(error instanceof AuditUnavailable);
    assert.equal(error.retryAfterSeconds, 7);
    assert.equal(error.message, 'disk full');
  });

  it('tells field and advice of an invalid request', async (t) => {
    const error = await failing(t, 400, {
      code: 'invalid_request',
      detail: 'no',
      field: 'url',
      advice: 'send one',
    });
    assert.ok(error instanceof AffidavitApiError);
    assert.equal(error.code, 'invalid_request');
    assert.equal(error.field, 'url');
    assert.equal(error.advice, 'send one');
  });

  it('tells that nobody answers as a ConnectionError that is an AuditUnavailable', async () => {
    const gone = await startLoopback(() => {});
    await gone.close();
    const client = new Affidavit({ url: gone.url, apiKey: 'k' });
    const error = await client.request('GET', 'https://x.test/').catch((caught: unknown) => caught);
    assert.ok(error instanceof ConnectionError);
    assert.ok(error instanceof AuditUnavailable);
    assert.equal(error.code, 'connection_failed');
  });

  it('gives up at the deadline', async (t) => {
    const { client } = await start(t, () => {});
    await assert.rejects(client.request('GET', 'https://x.test/', { timeoutMs: 50 }), {
      name: 'ConnectionError',
      code: 'deadline_exceeded',
    });
  });

  it('gives up at the deadline when only the body is missing', async (t) => {
    const { client } = await start(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"execution_id":');
    });
    await assert.rejects(client.request('GET', 'https://x.test/', { timeoutMs: 50 }), {
      code: 'deadline_exceeded',
    });
  });

  it('throws the reason of an aborted signal as it is', async (t) => {
    const { client } = await start(t, () => {});
    const reason = new Error('the person closed the tab');
    const controller = new AbortController();
    const call = client.request('GET', 'https://x.test/', { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
  });

  it('tells a foreign answer from one of Affidavit', async (t) => {
    const { client } = await start(t, (_, response) => response.end('<html>hello</html>'));
    await assert.rejects(client.event('evt_1'), { code: 'unexpected_answer' });
  });
});
