import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { eventually } from './support/trail.ts';
import { act, defineVerb, REFUND } from './support/verbs.ts';
import {
  ask,
  execution,
  makeAgent,
  makeApp,
  makeGrant,
  makeKey,
  problem,
} from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** Actions that wait for a person. */

const VERB = 'shop:big_refund';

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let decider: { key: string };

before(async () => {
  server = await startAffidavit();
  service = await startService((_, response) => void response.end(`{"id":"re_1"}`));
  app = await makeApp(server, 'action approvals');
  agent = await makeAgent(server, app, 'Ada');
  decider = await makeKey(server, app, { scopes: ['approvals:decide'] });
  const secret = 'sk_waiting_5566778899';
  await makeGrant(server, app, { provider: 'shop', base_url: service.url, secret });
  await defineVerb(server, app, { verb: VERB, governance: 'approval' });
});
after(async () => {
  await service.close();
  await server.stop();
});

const refund = (charge: string, once?: string, more: object = {}) =>
  act(server, agent, VERB, { args: { charge, amount: 5 }, ...more }, once);

async function held(charge: string, once?: string): Promise<string> {
  const answer = await refund(charge, once);
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.body.status, 'pending');
  return String(answer.body.approval_id);
}

const decide = (id: string, step: 'approve' | 'reject') =>
  ask(server, 200, 'POST', `/v1/approvals/${id}/${step}`, {
    key: decider.key,
    body: { reason: 'looked at it' },
  });

const shown = (id: string) => ask(server, 200, 'GET', `/v1/approvals/${id}`, { key: agent.key });

async function ended(id: string): Promise<Record<string, unknown>> {
  const isOver = async () => ['done', 'failed'].includes(String((await shown(id)).status));
  await eventually('the approval ends', isOver, 20_000);
  return shown(id);
}

describe('an action that a person must approve', () => {
  it('waits, is carried out once as it was shown, and its record fetched', async () => {
    const calls = service.received.length;
    const id = await held('ch_1');
    assert.equal(service.received.length, calls);
    await decide(id, 'approve');
    const { result, execution_id } = await ended(id);
    assert.equal(service.received.length - calls, 1);
    const record = result as Record<string, unknown>;
    assert.deepEqual(
      [record.verb, record.outcome, record.governance_status, record.result],
      [VERB, 'success', 'approved', { id: 're_1' }],
    );
    const entries = await execution(server, app.key, execution_id);
    assert.deepEqual(
      entries.map(({ event_type, verb, governance_status }) => [
        event_type,
        verb,
        governance_status,
      ]),
      [
        ['approval.requested', VERB, 'pending'],
        ['approval.approved', VERB, 'approved'],
        ['credential.retrieved', VERB, 'approved'],
        ['action.executed', VERB, 'approved'],
      ],
    );
  });

  it('under a key waits once, however often it is asked, and is replayed in the end', async () => {
    const calls = service.received.length;
    const ids = await Promise.all(Array.from({ length: 20 }, () => held('ch_2', 'w1')));
    assert.equal(new Set(ids).size, 1);
    const id = ids[0] as string;
    problem(await refund('ch_3', 'w1'), 422, 'idempotency_mismatch');
    await decide(id, 'approve');
    await ended(id);
    const { body } = await refund('ch_2', 'w1');
    assert.deepEqual([body.outcome, body.result], ['replayed', { id: 're_1' }]);
    assert.equal(service.received.length - calls, 1);
  });

  it('may be asked for again under its key when it was rejected', async () => {
    const first = await held('ch_4', 'w2');
    await decide(first, 'reject');
    const second = await held('ch_4', 'w2');
    assert.notEqual(second, first);
    await decide(second, 'approve');
    assert.equal((await ended(second)).status, 'done');
  });

  it('tells in a dry run that it would wait', async () => {
    const { body } = await refund('ch_5', undefined, { dry_run: true });
    assert.deepEqual([body.outcome, body.governance_status], ['dry_run', 'pending']);
  });

  it('is not carried out when its verb was blocked meanwhile', async () => {
    const verb = 'shop:later_blocked';
    await defineVerb(server, app, { verb, governance: 'approval' });
    const { body } = await act(server, agent, verb, { args: { charge: 'ch_6' } });
    const { verb: _, ...definition } = REFUND;
    await ask(server, 200, 'PUT', `/v1/verbs/${verb}`, {
      key: app.key,
      body: { ...definition, governance: 'block' },
    });
    const calls = service.received.length;
    await decide(String(body.approval_id), 'approve');
    const { outcome } = await ended(String(body.approval_id));
    assert.equal(outcome, 'blocked');
    assert.equal(service.received.length, calls);
  });

  it('waits too where a policy asks for it by its risk', async () => {
    const cedar =
      '@require("approval") forbid (principal, action, resource) when { context has risk_level && context.risk_level == "CRITICAL" };';
    await ask(server, 201, 'POST', '/v1/policies', { key: app.key, body: { name: 'look', cedar } });
    await defineVerb(server, app, { verb: 'shop:critical', risk_level: 'CRITICAL' });
    const answer = await act(server, agent, 'shop:critical', { args: { charge: 'ch_7' } });
    assert.equal(answer.status, 202, answer.text);
  });
});
