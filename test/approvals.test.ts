import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { sayOk, startService, type Service } from './support/service.ts';
import {
  ask,
  execution,
  find,
  makeAgent,
  makeApp,
  makeGrant,
  makeKey,
  problem,
  type AgentUnderTest,
  type AppUnderTest,
} from './support/world.ts';

/** Calls that wait for a person: who may decide, that they are made once, and what is recorded. */

const SECRET = 'sk_approvals_5647382910';

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let decider: { key: string; key_id: string };

before(async () => {
  server = await startAffidavit();
  service = await startService((request, response) => {
    if (request.url === '/teapot') response.writeHead(418).end('short and stout');
    else return sayOk(request, response);
  });
  app = await makeApp(server, 'approvals');
  agent = await makeAgent(server, app, 'Ada');
  decider = await makeKey(server, app, { scopes: ['approvals:decide'] });
});
after(async () => {
  await service.close();
  await server.stop();
});

interface Approval extends Record<string, unknown> {
  readonly approval_id: string;
  readonly execution_id: string;
  readonly status: string;
  readonly policy_id: string;
  readonly expires_at: string;
}

let made = 0;
/** A grant of its own, on which every call waits for a person. */
async function guarded(template: object = {}, grant: object = {}) {
  const provider = `guarded-${++made}`;
  const ids = await makeGrant(server, app, {
    provider,
    base_url: service.url,
    secret: SECRET,
    grant: { ...grant },
  });
  const { policy_id } = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', {
    key: app.key,
    body: {
      name: 'a person looks',
      template: { kind: 'approval', ...template },
      applies_to: { provider },
    },
  });
  return { ...ids, provider, policy_id };
}

const call = (body: object, options: object = {}) =>
  server.request<Approval>('POST', '/v1/request', {
    key: agent.key,
    body: { url: '/', ...body },
    ...options,
  });

async function held(body: object): Promise<Approval> {
  const answer = await call(body);
  assert.equal(answer.status, 202, answer.text);
  return answer.body;
}

const path = (id: string, step = '') => `/v1/approvals/${id}${step}`;

const decide = (id: string, step: 'approve' | 'reject', key = decider.key) =>
  server.request<Approval>('POST', path(id, `/${step}`), { key, body: { reason: 'looked at it' } });

const show = (id: string, key = agent.key) => ask<Approval>(server, 200, 'GET', path(id), { key });

async function ended(id: string, key = agent.key): Promise<Approval> {
  for (let tries = 0; tries < 300; tries++) {
    const approval = await show(id, key);
    if (!['pending', 'approved', 'running'].includes(approval.status)) return approval;
    await sleep(50);
  }
  throw new Error(`approval ${id} does not end`);
}

const types = (entries: readonly { event_type: string }[]) =>
  entries.map(({ event_type }) => event_type);

describe('a call that a person must approve', () => {
  it('waits, is shown, is approved, made once, and its answer fetched', async () => {
    const { grant_id, policy_id, provider } = await guarded();
    const before_ = service.received.length;
    const waiting = await held({
      grant_id,
      method: 'POST',
      json: { amount: 12, password: 'hunter2' },
      reason: 'a refund',
    });
    assert.match(waiting.approval_id, /^apr_/);
    assert.equal(waiting.status, 'pending');
    assert.equal(waiting.policy_id, policy_id);
    assert.ok(Date.parse(waiting.expires_at) > Date.now() + 23 * 3_600_000);
    assert.equal(service.received.length, before_);
    const seen = await show(waiting.approval_id, decider.key);
    const request = seen.request as Record<string, unknown>;
    assert.equal(request.provider, provider);
    assert.equal(request.agent_id, agent.agent_id);
    assert.equal(request.reason, 'a refund');
    assert.match(JSON.stringify(request.request_body), /12/);
    assert.doesNotMatch(JSON.stringify(seen), /hunter2/);
    const approved = await decide(waiting.approval_id, 'approve');
    assert.equal(approved.status, 200, approved.text);
    const done = await ended(waiting.approval_id);
    assert.equal(done.status, 'done', JSON.stringify(done));
    const result = done.result as Record<string, unknown>;
    assert.equal(result.status, 200);
    assert.equal(result.execution_id, waiting.execution_id);
    assert.equal(service.received.length, before_ + 1);
    assert.equal((await show(waiting.approval_id, decider.key)).result, undefined);
    const entries = await execution(server, app.key, waiting.execution_id);
    assert.deepEqual(types(entries), [
      'approval.requested',
      'approval.approved',
      'credential.retrieved',
      'api.called',
    ]);
    const [requested, approval, intent, outcome] = entries;
    assert.equal(requested?.governance_status, 'pending');
    assert.equal(requested?.policy_decision, undefined);
    assert.equal(requested?.policy_id, policy_id);
    assert.equal(approval?.actor_id, decider.key_id);
    assert.equal(
      approval?.actor_name,
      undefined,
      'the name of who asked is not the name of who decides',
    );
    assert.equal(approval?.agent_id, agent.agent_id);
    assert.equal(approval?.reason, 'looked at it');
    assert.equal(intent?.governance_status, 'approved');
    assert.equal(intent?.policy_decision, 'ALLOW');
    assert.equal(intent?.policy_id, policy_id);
    assert.match(JSON.stringify(intent?.policy_context), new RegExp(waiting.approval_id));
    assert.equal(intent?.agent_id, agent.agent_id);
    assert.equal(outcome?.outcome, 'success');
  });

  it('is listed by its state, to who asked and to who decides', async () => {
    const { grant_id } = await guarded();
    const other = await makeAgent(server, app, 'Eva');
    const { approval_id, execution_id } = await held({ grant_id });
    const list = async (key: string, query = '?status=pending&limit=1000') => {
      const options = { key };
      const body = await ask<{ data: Approval[] }>(
        server,
        200,
        'GET',
        `/v1/approvals${query}`,
        options,
      );
      return body.data.map((one) => one.approval_id);
    };
    for (const key of [agent.key, decider.key, app.key]) {
      assert.ok((await list(key)).includes(approval_id));
    }
    assert.deepEqual(await list(other.key), []);
    const all = await list(app.key, '?limit=1000');
    assert.deepEqual(await list(app.key, '?limit=1000&order=desc'), [...all].reverse());
    assert.deepEqual(
      await list(app.key, `?order=desc&cursor=${all.at(-1)}&limit=1`),
      all.slice(-2, -1),
    );
    problem(await server.request('GET', path(approval_id), { key: other.key }), 404, 'not_found');
    problem(
      await server.request('GET', '/v1/approvals?status=odd', { key: app.key }),
      400,
      'invalid_request',
    );
    const executions = await ask<{ data: { execution_id: string }[] }>(
      server,
      200,
      'GET',
      '/v1/executions?governance_status=pending&limit=1000',
      { key: app.key },
    );
    assert.ok(executions.data.some((one) => one.execution_id === execution_id));
    assert.equal((await decide(approval_id, 'reject')).status, 200);
    assert.ok(!(await list(agent.key)).includes(approval_id));
    assert.ok((await list(agent.key, '?status=rejected')).includes(approval_id));
  });

  it('that is rejected is never made, and says why', async () => {
    const { grant_id } = await guarded();
    const calls = service.received.length;
    const { approval_id, execution_id } = await held({ grant_id });
    const rejected = await decide(approval_id, 'reject');
    assert.equal(rejected.body.status, 'rejected');
    assert.equal((rejected.body.decision as { reason: string }).reason, 'looked at it');
    problem(await decide(approval_id, 'approve'), 409, 'conflict');
    assert.equal(service.received.length, calls);
    const entries = await execution(server, app.key, execution_id);
    assert.deepEqual(types(entries), ['approval.requested', 'approval.rejected']);
    assert.equal(entries[1]?.governance_status, 'rejected');
    assert.equal(entries[1]?.outcome, 'blocked');
    assert.equal(entries[1]?.agent_id, agent.agent_id);
  });

  it('needs a reason, and a key that may decide', async () => {
    const { grant_id } = await guarded();
    const { approval_id } = await held({ grant_id });
    const bare = { key: decider.key, body: {} };
    problem(
      await server.request('POST', path(approval_id, '/approve'), bare),
      400,
      'invalid_request',
    );
    const other = await makeAgent(server, app, 'Ida');
    problem(await decide(approval_id, 'approve', other.key), 403, 'forbidden');
    problem(await decide('apr_none', 'approve'), 404, 'not_found');
    const elsewhere = await makeApp(server, 'elsewhere');
    problem(await decide(approval_id, 'approve', elsewhere.key), 404, 'not_found');
    assert.equal((await show(approval_id)).status, 'pending');
  });

  it('is never decided by the key that asked, nor by another of the same agent', async () => {
    const { grant_id } = await guarded();
    const both = await makeKey(server, app, {
      scopes: ['calls:execute', 'approvals:decide'],
      agent_id: agent.agent_id,
    });
    const service_ = await makeKey(server, app, { scopes: ['calls:execute', 'approvals:decide'] });
    const cases: [asks: string, decides: string][] = [
      [both.key, both.key],
      [agent.key, both.key],
      [service_.key, service_.key],
      [app.key, app.key],
    ];
    for (const [asks, decides] of cases) {
      const { approval_id } = (await call({ grant_id }, { key: asks })).body;
      for (const step of ['approve', 'reject'] as const) {
        const { rule } = problem(await decide(approval_id, step, decides), 403, 'forbidden');
        assert.equal(rule, 'own_request');
      }
      assert.equal((await show(approval_id, decider.key)).status, 'pending');
      const refusals = await find(server, app.key, { event_type: 'approval.refused' });
      assert.match(JSON.stringify(refusals.at(-1)), new RegExp(approval_id));
      assert.equal((await decide(approval_id, 'approve')).status, 200);
      assert.equal((await ended(approval_id, app.key)).status, 'done');
    }
  });

  it('is never decided by an agent above or below the one that asked', async () => {
    const { grant_id } = await guarded();
    const scopes = ['calls:execute', 'approvals:decide'];
    const agentOf = async (name: string, parent_agent_id: string) => {
      const body = { name, parent_agent_id };
      const { agent_id } = await ask<{ agent_id: string }>(server, 201, 'POST', '/v1/agents', {
        key: app.key,
        body,
      });
      const { key } = await makeKey(server, app, { scopes, agent_id });
      return { agent_id, key };
    };
    const above = await makeAgent(server, app, 'above', scopes);
    const middle = await agentOf('middle', above.agent_id);
    const below = await agentOf('below', middle.agent_id);
    for (const [asks, decides] of [
      [below.key, above.key],
      [above.key, below.key],
    ]) {
      const { approval_id } = (await call({ grant_id }, { key: asks })).body;
      problem(await decide(approval_id, 'approve', decides), 403, 'forbidden');
      const beside = await makeAgent(server, app, `beside ${made++}`, scopes);
      assert.equal((await decide(approval_id, 'approve', beside.key)).status, 200);
    }
  });

  it('is decided once and made once, however many decide at the same time', async () => {
    const { grant_id } = await guarded();
    const calls = service.received.length;
    const { approval_id, execution_id } = await held({ grant_id });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        decide(approval_id, index % 3 === 0 ? 'reject' : 'approve'),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    assert.equal(answers.filter(({ status }) => status === 409).length, 59);
    const end = await ended(approval_id);
    const isMade = end.status === 'done';
    assert.equal(service.received.length, calls + (isMade ? 1 : 0));
    const entries = await execution(server, app.key, execution_id);
    assert.equal(entries.length, isMade ? 4 : 2);
  });

  it('whose entries were erased is gone with them: nothing of it is kept or can be made', async () => {
    const { grant_id } = await guarded({}, { principal: { type: 'user', id: 'to be forgotten' } });
    const calls = service.received.length;
    const { approval_id } = await held({ grant_id, reason: 'a secret of theirs' });
    await ask(server, 201, 'POST', '/v1/erasures', {
      key: app.key,
      body: { principal_id: 'to be forgotten', reason: 'asked for' },
    });
    problem(await decide(approval_id, 'approve'), 410, 'gone');
    const shown = await show(approval_id);
    assert.doesNotMatch(JSON.stringify(shown), /secret of theirs|to be forgotten/);
    assert.equal(service.received.length, calls);
  });

  it('expires, with its entry, and cannot be decided after', async () => {
    const { grant_id } = await guarded({ expires_in_seconds: 1 });
    const { approval_id, execution_id } = await held({ grant_id });
    await sleep(1100);
    problem(await decide(approval_id, 'approve'), 409, 'conflict');
    const left = await held({ grant_id });
    assert.equal((await ended(approval_id)).status, 'expired');
    assert.equal((await ended(left.approval_id)).status, 'expired');
    for (const id of [execution_id, left.execution_id]) {
      const entries = await execution(server, app.key, id);
      assert.deepEqual(types(entries), ['approval.requested', 'approval.expired']);
      assert.equal(entries[1]?.actor_type, 'system');
      assert.equal(entries[1]?.actor_name, undefined);
    }
  });
});

describe('an approved call', () => {
  it('goes where it was shown to go, with the grant that was shown', async () => {
    const { provider, provider_id } = await guarded();
    const { approval_id } = await held({ provider, url: 'pay', query: { amount: 5 } });
    const { request } = await show(approval_id);
    assert.equal((request as { url: string }).url, `${service.url}/pay?amount=5`);
    const elsewhere = { key: app.key, body: { base_url: `${service.url}/other` } };
    await ask(server, 200, 'PATCH', `/v1/providers/${provider_id}`, elsewhere);
    const calls = service.received.length;
    assert.equal((await decide(approval_id, 'approve')).status, 200);
    const { status, error } = await ended(approval_id);
    assert.deepEqual([status, (error as { code: string }).code], ['failed', 'egress_blocked']);
    assert.equal(service.received.length, calls);
  });

  it('is denied by what changed meanwhile: grant, policy, key', async () => {
    const revoked = await guarded();
    const forbidden = await guarded();
    const dismissed = await makeAgent(server, app, 'Uwe');
    const first = await held({ grant_id: revoked.grant_id });
    const second = await held({ grant_id: forbidden.grant_id });
    const third = (await call({ grant_id: forbidden.grant_id }, { key: dismissed.key })).body;
    await ask(server, 200, 'DELETE', `/v1/grants/${revoked.grant_id}`, { key: app.key });
    const { policy_id } = await ask<{ policy_id: string }>(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: {
        name: 'nothing goes',
        template: { kind: 'methods', methods: ['PUT'] },
        applies_to: { provider: forbidden.provider },
      },
    });
    await ask(server, 200, 'DELETE', `/v1/agents/${dismissed.agent_id}`, { key: app.key });
    const calls = service.received.length;
    for (const { approval_id } of [first, second, third]) {
      assert.equal((await decide(approval_id, 'approve')).status, 200);
    }
    const denied = await ended(first.approval_id);
    assert.deepEqual([denied.status, denied.outcome], ['failed', 'policy_denied']);
    assert.equal((denied.error as { policy_id: string }).policy_id, 'builtin:grant_status');
    const error = (await ended(second.approval_id)).error as { policy_id: string; rule: string };
    assert.deepEqual([error.policy_id, error.rule], [policy_id, 'methods']);
    assert.equal((await ended(third.approval_id, app.key)).status, 'expired');
    const orphaned = (await execution(server, app.key, third.execution_id)).at(-1);
    assert.equal(orphaned?.error_code, 'asker_gone');
    assert.equal(service.received.length, calls);
    const entries = await execution(server, app.key, first.execution_id);
    assert.equal(entries.at(-1)?.event_type, 'credential.denied');
    assert.equal(entries.at(-1)?.policy_id, 'builtin:grant_status');
    assert.equal(entries.at(-1)?.governance_status, 'blocked');
  });

  it('that the provider does not take is answered as it would have been', async () => {
    const { grant_id } = await guarded();
    const wrong = await held({ grant_id, url: '/teapot' });
    await decide(wrong.approval_id, 'approve');
    const done = await ended(wrong.approval_id);
    assert.equal(done.outcome, 'provider_error', JSON.stringify(done));
    assert.equal((done.result as { status: number }).status, 418);
  });
});

describe('the answer to a call that waits', () => {
  it('is the same for the same Idempotency-Key', async () => {
    const { grant_id } = await guarded();
    const headers = { 'idempotency-key': 'once-and-again' };
    const first = await call({ grant_id }, { headers });
    const again = await call({ grant_id }, { headers });
    assert.deepEqual([first.status, again.status], [202, 202]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.equal(again.body.approval_id, first.body.approval_id);
  });

  it('comes with a receipt', async () => {
    const { grant_id } = await guarded();
    const answer = await server.request<Approval>('POST', '/v1/request?receipt=true', {
      key: agent.key,
      body: { url: '/', grant_id },
    });
    assert.equal(answer.status, 202);
    assert.match(String(answer.body.checkpoint), /\n/);
    assert.ok(String(answer.body.proof).length > 0);
  });

  it('is a refusal where too many wait already', async () => {
    const own = await makeApp(server, 'flooded');
    const { grant_id } = await makeGrant(server, own, {
      provider: 'flooded',
      base_url: service.url,
      secret: SECRET,
    });
    const policy = { name: 'look', template: { kind: 'approval' } };
    const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
      key: own.key,
      body: policy,
    });
    const one = () => call({ grant_id }, { key: own.key });
    for (let asked = 0; asked < 1000; asked += 100) {
      const answers = await Promise.all(Array.from({ length: 100 }, one));
      assert.ok(answers.every(({ status }) => status === 202));
    }
    const refused = problem(await one(), 403, 'policy_denied');
    assert.deepEqual([refused.policy_id, refused.rule], [policy_id, 'approval']);
    const [entry] = await execution(server, own.key, refused.execution_id);
    assert.equal(entry?.event_type, 'credential.denied');
  });

  it('is a refusal, on the record, where the request is too large to be held', async () => {
    const { grant_id, policy_id } = await guarded();
    const answer = await call({ grant_id, method: 'POST', body: 'x'.repeat(1_100_000) });
    const { execution_id } = problem(answer, 413, 'payload_too_large');
    const [entry] = await execution(server, app.key, execution_id);
    assert.equal(entry?.event_type, 'credential.denied');
    assert.equal(entry?.policy_id, policy_id);
  });
});
