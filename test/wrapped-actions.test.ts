import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import {
  ActionBlocked,
  Affidavit as Client,
  ApprovalPending,
  AuditUnavailable,
} from '@affidavit/sdk';

import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { eventually } from './support/trail.ts';
import { defineVerb, REFUND } from './support/verbs.ts';
import { ask, execution, find, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest } from './support/world.ts';

/** Actions from the SDK: verbs that Affidavit carries out, and functions that run here. */

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let client: Client;

before(async () => {
  server = await startAffidavit();
  service = await startService((_, response) => void response.end(`{"id":"re_1"}`));
  app = await makeApp(server, 'wrapped');
  agent = await makeAgent(server, app, 'Ada');
  client = new Client({ url: server.url, apiKey: agent.key, caller: 'suite@1' });
  const secret = 'sk_wrapped_112233445566';
  await makeGrant(server, app, { provider: 'shop', base_url: service.url, secret });
  await defineVerb(server, app);
});
after(async () => {
  await service.close();
  await server.stop();
});

describe('action', () => {
  it('answers the record, dry or not, and replays under its key', async () => {
    const args = { charge: 'ch_1', amount: 5 };
    const options = { idempotencyKey: 's1', reason: 'a broken cup', tenant: 'acme' };
    const dry = await client.action(REFUND.verb, args, { dryRun: true });
    assert.deepEqual([dry.outcome, dry.dry_run], ['dry_run', true]);
    const first = await client.action<{ id: string }>(REFUND.verb, args, options);
    assert.deepEqual([first.outcome, first.result?.id], ['success', 're_1']);
    const again = await client.action<{ id: string }>(REFUND.verb, args, options);
    assert.deepEqual(
      [again.outcome, again.idempotent, again.result?.id],
      ['replayed', true, 're_1'],
    );
    assert.equal(service.received.length, 1);
  });

  it('throws what keeps it from being done', async () => {
    await defineVerb(server, app, { verb: 'shop:blocked', governance: 'block' });
    await defineVerb(server, app, { verb: 'shop:waits', governance: 'approval' });
    await assert.rejects(client.action('shop:blocked', { charge: 'x' }), (error) => {
      assert.ok(error instanceof ActionBlocked);
      assert.deepEqual([error.rule, error.verb], ['governance', 'shop:blocked']);
      return true;
    });
    await assert.rejects(client.action('shop:waits', { charge: 'x' }), ApprovalPending);
  });
});

describe('wrap', () => {
  const runs: unknown[] = [];
  const sendMail = (mail: { to: string; password?: string }) => {
    runs.push(mail);
    return Promise.resolve({ sent: mail.to });
  };

  it('has the intent on the record before the function runs, and the outcome before it returns', async () => {
    let seen: string[] = [];
    const send = client.wrap(
      'mail:send',
      { risk: 'HIGH', run: 'run_w1' },
      async (mail: { to: string; password: string }) => {
        const open = await find(server, app.key, { run_id: 'run_w1' });
        seen = open.map(({ event_type }) => event_type);
        return sendMail(mail);
      },
    );
    assert.deepEqual(await send({ to: 'ada', password: 'open sesame' }), { sent: 'ada' });
    assert.deepEqual(seen, ['action.started']);
    const entries = await find(server, app.key, { run_id: 'run_w1' });
    assert.deepEqual(
      entries.map(({ event_type, source, outcome }) => [event_type, source, outcome]),
      [
        ['action.started', 'observed', undefined],
        ['action.executed', 'reported', 'success'],
      ],
    );
    const [, end] = entries;
    assert.deepEqual(
      [end?.verb, end?.risk_level, end?.governance_status, end?.args, end?.result],
      ['mail:send', 'HIGH', 'approved', { to: 'ada', password: '[masked]' }, { sent: 'ada' }],
    );
    assert.ok((end?.duration_ms ?? -1) >= 0);
  });

  it('records an error of the function by its code, and throws it', async () => {
    const fail = client.wrap('mail:fail', { run: 'run_w2' }, () => {
      throw new TypeError('sk_secret_in_a_message');
    });
    await assert.rejects(fail(), TypeError);
    const [, end] = await find(server, app.key, { run_id: 'run_w2' });
    assert.deepEqual([end?.outcome, end?.error_code], ['error', 'TypeError']);
    assert.equal(JSON.stringify(end).includes('sk_secret'), false);
  });

  it('does not run what policy, the verb or its schema refuses', async () => {
    const before_ = runs.length;
    const args = () => ({ charge: 'x' });
    await assert.rejects(
      client.wrap('shop:blocked', { args }, sendMail)({ to: 'x' }),
      ActionBlocked,
    );
    await assert.rejects(client.wrap('shop:waits', {}, sendMail)({ to: 'x' }), {
      code: 'invalid_request',
    });
    const waits = client.wrap('shop:waits', { args }, sendMail);
    await assert.rejects(waits({ to: 'x' }), ActionBlocked);
    const cedar =
      'forbid (principal, action, resource) when { context has verb && context.verb == "mail:never" };';
    const policy = await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: { name: 'never', cedar },
    });
    await assert.rejects(client.wrap('mail:never', {}, sendMail)({ to: 'x' }), (error) => {
      assert.ok(error instanceof ActionBlocked);
      assert.equal(error.policyId, policy.policy_id);
      return true;
    });
    assert.equal(runs.length, before_);
    const blocked = await find(server, app.key, {
      event_type: 'action.blocked',
      verb: 'mail:never',
    });
    assert.equal(blocked.length, 1);
  });

  it('runs once under a key, and returns what was kept', async () => {
    const before_ = runs.length;
    const send = client.wrap('mail:once', { idempotencyKey: 'w1' }, sendMail);
    const all = await Promise.all(Array.from({ length: 30 }, () => send({ to: 'bob' })));
    for (const one of all) assert.deepEqual(one, { sent: 'bob' });
    assert.equal(runs.length - before_, 1);
  });

  it('does not run when Affidavit cannot be reached', async () => {
    const before_ = runs.length;
    const lost = new Client({ url: 'http://127.0.0.1:9', apiKey: agent.key, timeoutMs: 2000 });
    await assert.rejects(lost.wrap('mail:send', {}, sendMail)({ to: 'x' }), AuditUnavailable);
    assert.equal(runs.length, before_);
  });

  it('says that it ran when its outcome cannot be recorded', async () => {
    let down = false;
    const flaky = new Client({
      url: server.url,
      apiKey: agent.key,
      timeoutMs: 2000,
      fetch: (url, init) => (down ? Promise.reject(new Error('cut off')) : fetch(url, init)),
    });
    const send = flaky.wrap('mail:lost', {}, () => {
      down = true;
      return 'sent';
    });
    await assert.rejects(send(), (error) => {
      assert.ok(error instanceof AuditUnavailable);
      assert.match(error.message, /ran/);
      return true;
    });
  });

  it('that is never ended is closed as unknown in its time, and not done again under its key', async () => {
    const path = '/v1/actions/mail:silent/begin';
    const begin = {
      key: agent.key,
      body: { timeout_seconds: 1 },
      headers: { 'idempotency-key': 'q' },
    };
    const begun = await ask(server, 201, 'POST', path, begin);
    const entries = () => execution(server, app.key, begun.execution_id);
    await eventually('it is closed', async () => (await entries()).length > 1, 20_000);
    const [, end] = await entries();
    assert.deepEqual(
      [end?.event_type, end?.outcome, end?.error_code],
      ['action.executed', 'unknown', 'client_silent'],
    );
    problem(await server.request('POST', path, begin), 409, 'conflict');
    const late = await server.request(
      'POST',
      `/v1/executions/${String(begun.execution_id)}/outcome`,
      {
        key: agent.key,
        body: { outcome: 'success' },
      },
    );
    problem(late, 404, 'not_found');
  });

  it('is ended by who began it alone, once', async () => {
    const other = await makeAgent(server, app, 'Bob');
    const begun = await ask(server, 201, 'POST', '/v1/actions/mail:mine/begin', {
      key: agent.key,
      body: {},
    });
    const path = `/v1/executions/${String(begun.execution_id)}/outcome`;
    const end = (key: string) =>
      server.request('POST', path, { key, body: { outcome: 'success', result: { token: 'x' } } });
    problem(await end(other.key), 403, 'forbidden');
    const all = await Promise.all(Array.from({ length: 10 }, () => end(agent.key)));
    const done = all.filter(({ status }) => status === 200);
    assert.equal(done.length, 1);
    assert.deepEqual(done[0]?.body.result, { token: '[masked]' });
    assert.equal((await execution(server, app.key, begun.execution_id)).length, 2);
  });
});

describe('a restart', () => {
  it('leaves what clients are doing to them', async () => {
    const dataFolder = temporaryFolder();
    const first = await startAffidavit({ dataFolder });
    const own = await makeApp(first, 'restart');
    const begun = await ask(first, 201, 'POST', '/v1/actions/mail:long/begin', {
      key: own.key,
      body: {},
    });
    await first.kill('SIGKILL');
    const second = await startAffidavit({ dataFolder });
    try {
      const path = `/v1/executions/${String(begun.execution_id)}/outcome`;
      const body = { outcome: 'success' };
      const ended = await ask(second, 200, 'POST', path, { key: own.key, body });
      assert.equal(ended.outcome, 'success');
    } finally {
      await second.stop();
    }
  });
});
