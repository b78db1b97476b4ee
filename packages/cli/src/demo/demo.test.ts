import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { PLAIN } from '../format/style.ts';
import { inventSecrets, keyringOf, windowThatIsShut } from './cast.ts';
import type { Run } from './play.ts';
import { compare, trailLines, usesLines } from './report.ts';
import { startServices } from './services.ts';

describe('the services of the demo', () => {
  it('answer to their own credentials only, and one to nobody', async (t) => {
    const secrets = inventSecrets();
    const services = await startServices({
      mail: keyringOf(secrets, 'mail'),
      billing: keyringOf(secrets, 'billing'),
      crm: keyringOf(secrets, 'crm'),
    });
    t.after(services.close);
    const alice = secrets.get('mail/alice') ?? '';
    const withKey = (headers: Record<string, string>, path = '/messages') =>
      fetch(`${services.mailUrl}${path}`, { headers });
    const mailbox = await withKey({ authorization: `Bearer ${alice}` });
    assert.equal(((await mailbox.json()) as { mailbox: string }).mailbox, 'alice');
    const archive = await withKey({ authorization: `Bearer ${alice}` }, '/archive');
    assert.ok((await archive.text()).length > 10 * 1024);
    assert.equal((await withKey({})).status, 401);
    const foreign = secrets.get('crm/alice') ?? '';
    assert.equal((await withKey({ authorization: `Bearer ${foreign}` })).status, 401);
    const headers = { 'x-api-key': secrets.get('billing/bob') ?? '' };
    assert.equal((await fetch(`${services.billingUrl}/invoices`, { headers })).status, 200);
    const score = await fetch(`${services.crmUrl}/contacts/bob/score`, {
      headers: { authorization: `Bearer ${secrets.get('crm/bob') ?? ''}` },
    });
    assert.equal(score.status, 500);
    await assert.rejects(fetch(services.deadUrl));
  });
});

describe('windowThatIsShut', () => {
  it('is shut at every hour of the day', () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const { from, to } = windowThatIsShut(new Date(Date.UTC(2026, 10, 21, hour, 59)));
      const [opens, shuts] = [Number(from.slice(0, 2)), Number(to.slice(0, 2))];
      const open = opens < shuts ? hour >= opens && hour < shuts : hour >= opens || hour < shuts;
      assert.equal(open, false, `open at ${hour}`);
    }
  });
});

const execution = (n: number, more: object = {}) => ({
  execution_id: `exe_${n}`,
  seq: n,
  created_at: '2026-11-21T09:14:03.120Z',
  agent_name: 'helper',
  provider: 'mail',
  principal_email: 'alice@example.com',
  reason: `reason ${n}`,
  outcome: 'success' as const,
  response_status: 200,
  ...more,
});

describe('the report of the demo', () => {
  const trail = {
    executions: [execution(1), execution(3), execution(4, { principal_email: 'bob@example.com' })],
    reported: [{ seq: 2, created_at: '2026-11-21T09:14:03.120Z', event_type: 'task.finished' }],
  };

  it('is in the order of the ledger', () => {
    const lines = trailLines(trail, PLAIN).join('\n');
    assert.match(lines, /reason 1[\s\S]+task\.finished[\s\S]+reason 3[\s\S]+reason 4/);
  });

  it("tells what one person's data was used for, and nobody else's", () => {
    assert.deepEqual(usesLines('alice@example.com', trail, PLAIN), [
      '  helper → mail 2 times',
      '      “reason 1” 200',
      '      “reason 3” 200',
    ]);
  });

  it('fails when the trail lacks a call or tells another ending', () => {
    const runOf = (...played: Run['played'][number][]): Run[] => [
      { runId: 'run_1', agent: 'research-agent', task: 't', played },
    ];
    const call = (n: number) => ({ executionId: `exe_${n}`, expected: 'success' as const });
    compare(runOf(call(1), call(3), call(4)), trail);
    const denied = { ...call(4), expected: 'policy_denied' as const };
    assert.throws(() => compare(runOf(call(1), call(3), denied), trail), /should be policy_denied/);
    assert.throws(() => compare(runOf(call(1), call(3), call(5)), trail), /is missing/);
    assert.throws(() => compare(runOf(call(1), call(3)), trail), /the trail has 3/);
  });
});
