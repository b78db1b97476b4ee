import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';

import { Affidavit, ApprovalPending, ApprovalRefused, PolicyDenied } from './index.ts';
import { jsonOf, sendJson, startLoopback } from './testing/loopback.ts';
import type { Answer } from './testing/loopback.ts';

async function start(t: TestContext, answer: Answer) {
  const server = await startLoopback(answer);
  t.after(server.close);
  return { server, client: new Affidavit({ url: server.url, apiKey: 'ak_test' }) };
}

const HELD = {
  approval_id: 'apr_1',
  status: 'pending',
  execution_id: 'exe_1',
  policy_id: 'pol_1',
  expires_at: '2026-11-22T09:00:00.000Z',
};
const ANSWER = {
  execution_id: 'exe_1',
  status: 418,
  headers: {},
  body: 'short and stout',
  body_encoding: 'utf8',
};

describe('approvals', () => {
  it('a call that waits is an error that says for what', async (t) => {
    const { client } = await start(t, (_, response) => sendJson(response, 202, HELD));
    await assert.rejects(client.request('GET', '/', { grant: 'grt_1' }), (error) => {
      assert.ok(error instanceof ApprovalPending);
      assert.equal(error.code, 'approval_pending');
      const { approvalId, executionId, policyId, expiresAt } = error;
      assert.deepEqual(
        [approvalId, executionId, policyId, expiresAt],
        ['apr_1', 'exe_1', 'pol_1', HELD.expires_at],
      );
      return true;
    });
  });

  it('waits for the answer, and gives it as the call would have', async (t) => {
    const steps = ['pending', 'running'];
    const { client, server } = await start(t, (_, response, index) => {
      const status = steps[index] ?? 'done';
      const result = status === 'done' ? { result: ANSWER } : {};
      sendJson(response, 200, { ...HELD, kind: 'call', status, ...result });
    });
    const response = await client.approvals.wait('apr_1');
    assert.equal(response.status, 418);
    assert.equal(response.executionId, 'exe_1');
    assert.equal(await response.text(), 'short and stout');
    assert.equal(server.seen.length, 3);
  });

  it('throws what the call would have thrown, and what a person said', async (t) => {
    const ends = [
      { status: 'failed', error: { code: 'policy_denied', status: 403, policy_id: 'pol_2' } },
      { status: 'rejected', decision: { reason: 'too much' } },
      { status: 'expired' },
      { status: 'failed', outcome: 'unknown' },
    ];
    const { client } = await start(t, (_, response, index) =>
      sendJson(response, 200, { ...HELD, kind: 'call', ...ends[index] }),
    );
    const wait = () => client.approvals.wait('apr_1');
    await assert.rejects(wait(), (error) => {
      assert.ok(error instanceof PolicyDenied);
      return error.policyId === 'pol_2' && error.status === 403;
    });
    await assert.rejects(wait(), (error) => {
      assert.ok(error instanceof ApprovalRefused);
      return error.reason === 'too much' && error.approvalStatus === 'rejected';
    });
    await assert.rejects(wait(), { code: 'approval_refused', approvalStatus: 'expired' });
    await assert.rejects(wait(), { code: 'outcome_unknown', executionId: 'exe_1' });
  });

  it('stops waiting at its deadline, and when it is told to', async (t) => {
    const { client } = await start(t, (_, response) =>
      sendJson(response, 200, { ...HELD, kind: 'call' }),
    );
    await assert.rejects(client.approvals.wait('apr_1', { timeoutMs: 1 }), ApprovalPending);
    const signal = AbortSignal.timeout(20);
    await assert.rejects(client.approvals.wait('apr_1', { signal }), { name: 'TimeoutError' });
  });

  it('are listed and decided', async (t) => {
    const { client, server } = await start(t, ({ method }, response) =>
      sendJson(
        response,
        200,
        method === 'GET'
          ? { data: [HELD], next_cursor: null, has_more: false }
          : { ...HELD, status: 'approved' },
      ),
    );
    const listed = [];
    for await (const one of client.approvals.list({ status: 'pending' })) listed.push(one);
    assert.deepEqual(listed, [HELD]);
    assert.equal((await client.approvals.approve('apr_1', 'fine')).status, 'approved');
    await client.approvals.reject('apr_1', 'on second thought');
    const paths = server.seen.map(({ path }) => path);
    assert.deepEqual(paths.slice(1), ['/v1/approvals/apr_1/approve', '/v1/approvals/apr_1/reject']);
    assert.deepEqual(jsonOf(server.seen[1]), { reason: 'fine' });
  });
});
