import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { ask, execution, find, ledgerSize, makeAgent, makeApp } from './support/world.ts';
import { makeGrant, makeKey, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/** Minted tokens: for one grant, some scopes and one run, for a short time; all on the record. */

const SECRET = 'sk_tokens_55128834';

interface Minted {
  readonly token_id: string;
  readonly token: string;
  readonly scope_granted: string[];
  readonly scope_downscoped: boolean;
  readonly ttl_seconds: number;
  readonly expires_at: string;
}

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let other: AgentUnderTest;
let grant_id: string;

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'tokens');
  agent = await makeAgent(server, app, 'Ada');
  other = await makeAgent(server, app, 'Eva');
  const auth = { provider: 'shop', base_url: service.url, secret: SECRET };
  const grant = { scopes: ['read', 'write', 'delete'] };
  ({ grant_id } = await makeGrant(server, app, { ...auth, agents: [agent.agent_id], grant }));
});
after(async () => {
  await service.close();
  await server.stop();
});

const mint = (body: object = {}, key = agent.key) =>
  ask<Minted>(server, 201, 'POST', '/v1/tokens', { key, body: { grant_id, ...body } });
const refuseMint = (body: object = {}, key = agent.key) =>
  server.request('POST', '/v1/tokens', { key, body: { grant_id, ...body } });
const call = (key: string, body: object = {}) =>
  server.request('POST', '/v1/request', { key, body: { url: '/', ...body } });
const entriesOf = (token_id: string, query: Record<string, string> = {}) =>
  find(server, app.key, { token_id, ...query });

/** Expects a denial of a call with a token, without any call, and returns its one entry. */
async function denied(key: string, body: object, rule: string): Promise<Entry> {
  const calls = service.received.length;
  const document = problem(await call(key, body), 403, 'policy_denied');
  assert.equal(service.received.length, calls);
  assert.equal(document.policy_id, `builtin:${rule}`);
  const entries = await execution(server, app.key, document.execution_id);
  assert.equal(entries.length, 1);
  assert.equal(entries[0]?.event_type, 'credential.denied');
  assert.equal(entries[0]?.policy_id, `builtin:${rule}`);
  return entries[0] as Entry;
}

describe('a minted token', () => {
  it('is answered and recorded with all that a mint has', async () => {
    const minted = await mint({
      scopes: ['read'],
      ttl_seconds: 120,
      run_id: 'run_7',
      task_context: 'nightly report',
      reason: 'the report needs orders',
      context: { tool: 'orders' },
    });
    assert.match(minted.token, /^aft_[0-9a-z]+_[A-Za-z0-9_-]{43}$/);
    assert.match(minted.token_id, /^tok_/);
    assert.deepEqual(minted.scope_granted, ['read']);
    assert.equal(minted.scope_downscoped, false);
    assert.equal(minted.ttl_seconds, 120);
    const left_ms = Date.parse(minted.expires_at) - Date.now();
    assert.ok(left_ms > 60_000 && left_ms <= 120_000);
    const [entry, ...more] = await entriesOf(minted.token_id);
    assert.deepEqual(more, []);
    const { event_type, category, actor_type, agent_id, agent_name, run_id } = entry as Entry;
    assert.deepEqual([event_type, category], ['token.minted', 'credential']);
    assert.deepEqual([actor_type, agent_id, agent_name], ['agent', agent.agent_id, 'Ada']);
    assert.equal(run_id, 'run_7');
    assert.equal(entry?.task_context, 'nightly report');
    assert.equal(entry?.reason, 'the report needs orders');
    assert.deepEqual(entry?.context, { tool: 'orders' });
    assert.deepEqual([entry?.provider, entry?.grant_id], ['shop', grant_id]);
    assert.deepEqual([entry?.grant_kind, entry?.principal_id], ['managed_secret', 'user_1']);
    assert.deepEqual(entry?.scope_requested, ['read']);
    assert.deepEqual(entry?.scope_granted, ['read']);
    assert.equal(entry?.scope_downscoped, false);
    assert.equal(entry?.ttl_seconds, 120);
    assert.deepEqual([entry?.policy_decision, entry?.outcome], ['ALLOW', 'success']);
    assert.equal(entry?.policy_id, 'builtin:delegation');
    assert.ok(entry?.policies_checked?.includes('builtin:scope'));
    assert.equal(entry?.source_ip, '127.0.0.1');
    assert.equal(entry?.caller_key_prefix, agent.prefix);
  });

  it('makes calls as who minted it, and fills in its grant, run and scopes', async () => {
    const { token, token_id } = await mint({ scopes: ['read'], run_id: 'run_8' });
    const answer = await call(token);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(service.received.at(-1)?.headers.authorization, `Bearer ${SECRET}`);
    const entries = await entriesOf(token_id, { execution_id: String(answer.body.execution_id) });
    const types = entries.map(({ event_type }) => event_type);
    assert.deepEqual(types, ['credential.retrieved', 'api.called']);
    for (const entry of entries) {
      assert.equal(entry.agent_id, agent.agent_id);
      assert.equal(entry.caller_key_prefix, agent.prefix);
      assert.deepEqual([entry.run_id, entry.grant_id], ['run_8', grant_id]);
      assert.deepEqual(entry.scope_granted, ['read']);
    }
    const named = { provider: 'shop', run_id: 'run_8', scopes: ['read'], principal_id: 'user_1' };
    assert.equal((await call(token, named)).status, 200);
  });

  it('is denied another grant, run or scope, by the rule that says so', async () => {
    const base = { base_url: service.url, secret: SECRET };
    const bank = await makeGrant(server, app, { ...base, provider: 'bank' });
    const { token, token_id } = await mint({ scopes: ['read'], run_id: 'run_9' });
    const entry = await denied(token, { grant_id: bank.grant_id }, 'token_grant');
    assert.deepEqual([entry.token_id, entry.grant_id], [token_id, bank.grant_id]);
    await denied(token, { provider: 'bank' }, 'token_grant');
    await denied(token, { run_id: 'run_10' }, 'token_run');
    const wide = await denied(token, { scopes: ['read', 'write'] }, 'token_scope');
    assert.deepEqual(wide.scope_requested, ['read', 'write']);
    assert.match(JSON.stringify(wide.policy_context), /write/);
    // Asking for none is not asking for all.
    const none = await call(token, { scopes: [] });
    const [retrieved] = await execution(server, app.key, none.body.execution_id);
    assert.deepEqual(retrieved?.scope_granted, ['read']);
  });

  it('opens nothing but calls', async () => {
    const { token } = await mint();
    const { paths } = (
      await server.request<{ paths: Record<string, Record<string, Operation>> }>(
        'GET',
        '/openapi.json',
      )
    ).body;
    let refused = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { 'x-access': access, 'x-takes-tokens': takes }] of Object.entries(
        methods,
      )) {
        if (access === 'public' || takes) continue;
        const concrete = path.replaceAll(/\{\w+\}/g, 'none_such');
        const body = method === 'get' || method === 'delete' ? {} : { body: {} };
        const answer = await server.request(method.toUpperCase(), concrete, {
          key: token,
          ...body,
        });
        // No bearer opens a wallet.
        if (access === 'wallet') problem(answer, 401, 'unauthorized');
        else problem(answer, 403, 'forbidden');
        refused++;
      }
    }
    assert.ok(refused >= 40);
    const open = Object.keys(paths).filter((path) =>
      Object.values(paths[path] ?? {}).some((one) => one['x-takes-tokens']),
    );
    for (const path of open)
      assert.match(path, /^\/v1\/(request|actions\/.*|approvals\/\{approval_id\})$/);
  });

  it('is kept and shown nowhere but in its answer', async () => {
    const { token, token_id } = await mint({ reason: 'to be seen once' });
    await call(token);
    const listed = await server.request('GET', '/v1/tokens', { key: app.key });
    assert.ok(listed.text.includes(token_id));
    for (const text of [
      listed.text,
      JSON.stringify(await find(server, app.key, {})),
      server.stdout(),
    ]) {
      assert.ok(!text.includes(token));
      assert.ok(!text.includes(token.slice(-20)));
    }
  });
});

describe('an action with a token', () => {
  it('is held to its grant and scopes, and its key is another than that of its agent', async () => {
    for (const [verb, scopes] of [
      ['shop:look', ['read']],
      ['shop:drop', ['delete']],
    ] as const) {
      await ask(server, 201, 'POST', '/v1/verbs', {
        key: app.key,
        body: {
          verb,
          provider: 'shop',
          method: 'POST',
          url: '/orders',
          args_schema: { type: 'object' },
          risk_level: 'LOW',
          idempotent: true,
          scopes,
        },
      });
    }
    const { token, token_id } = await mint({ scopes: ['read'], run_id: 'run_acts' });
    const act = (verb: string, key: string) =>
      server.request('POST', `/v1/actions/${verb}`, {
        key,
        body: { args: {} },
        headers: { 'idempotency-key': 'act-once' },
      });
    const calls = service.received.length;
    assert.equal((await act('shop:look', agent.key)).status, 200);
    const own = await act('shop:look', token);
    assert.equal(own.status, 200, own.text);
    assert.notEqual(own.body.outcome, 'replayed');
    assert.equal((await act('shop:look', token)).body.outcome, 'replayed');
    assert.equal(service.received.length, calls + 2);
    const refused = problem(await act('shop:drop', token), 403, 'policy_denied');
    assert.equal(refused.policy_id, 'builtin:token_scope');
    const acted = await entriesOf(token_id, { verb: 'shop:look' });
    assert.ok(acted.length >= 2);
    for (const entry of acted) assert.equal(entry.run_id, 'run_acts');
  });
});

interface Operation {
  readonly 'x-access': string;
  readonly 'x-takes-tokens'?: boolean;
}

describe('scopes of a mint', () => {
  it('are all of the grant where none are asked for', async () => {
    const minted = await mint();
    assert.deepEqual(minted.scope_granted, ['read', 'write', 'delete']);
    assert.deepEqual([minted.scope_downscoped, minted.ttl_seconds], [false, 900]);
  });

  it('are cut down to what the grant has', async () => {
    const minted = await mint({ scopes: ['read', 'admin', 'read'] });
    assert.deepEqual(minted.scope_granted, ['read']);
    assert.equal(minted.scope_downscoped, true);
    const [entry] = await entriesOf(minted.token_id);
    assert.deepEqual(entry?.scope_requested, ['read', 'admin']);
    assert.deepEqual(entry?.scope_granted, ['read']);
    assert.equal(entry?.scope_downscoped, true);
    const downscoped = { event_type: 'token.minted', scope_downscoped: 'true' };
    assert.equal((await find(server, app.key, downscoped)).length, 1);
  });

  it('are cut down by the template for scopes', async () => {
    const template = { kind: 'scopes', scopes: ['read', 'write'] };
    const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: { name: 'no deletion', template, applies_to: { grant_id } },
    });
    const minted = await mint();
    assert.deepEqual([minted.scope_granted, minted.scope_downscoped], [['read', 'write'], true]);
    const document = problem(await refuseMint({ scopes: ['delete'] }), 403, 'policy_denied');
    assert.equal(document.policy_id, policy_id);
    await ask(server, 200, 'DELETE', `/v1/policies/${policy_id}`, { key: app.key });
  });

  it('are not held up by policies that ask for a person, or count calls', async () => {
    const ids: unknown[] = [];
    for (const template of [{ kind: 'approval' }, { kind: 'rate', limit: 1, window_seconds: 60 }]) {
      const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
        key: app.key,
        body: { name: template.kind, template, applies_to: { grant_id } },
      });
      ids.push(policy_id);
    }
    await mint();
    const { token } = await mint();
    assert.equal((await call(token)).status, 202);
    for (const id of ids) {
      await ask(server, 200, 'DELETE', `/v1/policies/${String(id)}`, { key: app.key });
    }
  });

  it('are cut down to what policies allow, and denied where nothing is left', async () => {
    const cedar = `forbid (principal, action, resource == Grant::"${grant_id}")
      when { context.scopes.containsAny(["write", "delete"]) };
      forbid (principal, action, resource) when { context.path like "/admin*" };`;
    const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: { name: 'readers', cedar },
    });
    const minted = await mint({ scopes: ['read', 'write', 'delete'] });
    assert.deepEqual([minted.scope_granted, minted.scope_downscoped], [['read'], true]);
    const [entry] = await entriesOf(minted.token_id);
    assert.ok(entry?.policies_checked?.includes(String(policy_id)));
    const document = problem(
      await refuseMint({ scopes: ['write', 'delete'] }),
      403,
      'policy_denied',
    );
    assert.equal(document.policy_id, policy_id);
    const [denial] = await find(server, app.key, {
      event_type: 'token.denied',
      policy_id: String(policy_id),
    });
    assert.deepEqual(denial?.scope_requested, ['write', 'delete']);
    assert.deepEqual([denial?.scope_granted, denial?.outcome], [[], 'policy_denied']);
    // What looks at a call is decided when there is one.
    const answer = problem(await call(minted.token, { url: '/admin/x' }), 403, 'policy_denied');
    assert.equal(answer.policy_id, policy_id);
    await ask(server, 200, 'DELETE', `/v1/policies/${policy_id}`, { key: app.key });
  });
});

describe('a mint', () => {
  it('that may not be is denied on the record', async () => {
    const before = await ledgerSize(server, app.key);
    const stranger = problem(await refuseMint({}, other.key), 403, 'policy_denied');
    assert.equal(stranger.policy_id, 'builtin:delegation');
    const alien = problem(await refuseMint({ scopes: ['root'] }), 403, 'policy_denied');
    assert.equal(alien.policy_id, 'builtin:scope');
    problem(await refuseMint({ grant_id: 'grt_none' }), 404, 'not_found');
    assert.equal(await ledgerSize(server, app.key), before + 3);
    const denials = await find(server, app.key, { event_type: 'token.denied' });
    const codes = denials.slice(-3).map(({ error_code }) => error_code);
    assert.deepEqual(codes, ['policy_denied', 'policy_denied', 'not_found']);
    const window = { kind: 'ttl', seconds: 1 };
    const { policy_id } = await ask(server, 201, 'POST', '/v1/policies', {
      key: app.key,
      body: { name: 'young', template: window, applies_to: { grant_id } },
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(problem(await refuseMint(), 403, 'policy_denied').policy_id, policy_id);
    await ask(server, 200, 'DELETE', `/v1/policies/${policy_id}`, { key: app.key });
  });

  it('has a life that is bounded, also by the grant and by the key', async () => {
    for (const ttl_seconds of [0, 3601, 1.5]) {
      problem(await refuseMint({ ttl_seconds }), 400, 'invalid_request');
    }
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const base = { provider: 'short', base_url: service.url, secret: SECRET };
    const short = await makeGrant(server, app, { ...base, grant: { expires_at } });
    const minted = await mint({ grant_id: short.grant_id, ttl_seconds: 600 });
    assert.ok(minted.ttl_seconds > 0 && minted.ttl_seconds <= 60);
    assert.ok(minted.expires_at <= expires_at);
    const { key } = await makeKey(server, app, { scopes: ['calls:execute'], expires_at });
    const own = await mint({ grant_id: short.grant_id, ttl_seconds: 600 }, key);
    assert.ok(own.expires_at <= expires_at);
  });

  it('is repeated under its Idempotency-Key with the same token', async () => {
    const options = {
      key: agent.key,
      body: { grant_id },
      headers: { 'idempotency-key': 'mint-once' },
    };
    const first = await ask<Minted>(server, 201, 'POST', '/v1/tokens', options);
    const again = await ask<Minted>(server, 201, 'POST', '/v1/tokens', options);
    assert.deepEqual(again, first);
    assert.equal((await entriesOf(first.token_id)).length, 1);
  });
});

describe('an answer kept for a key', () => {
  it('is not given to its tokens, nor that of one token to another', async () => {
    const keyed = (key: string) =>
      server.request('POST', '/v1/request', {
        key,
        body: { url: '/', grant_id },
        headers: { 'idempotency-key': 'the-same' },
      });
    const { token } = await mint();
    const { token: second } = await mint();
    const answers = [await keyed(agent.key), await keyed(token), await keyed(second)];
    assert.equal(new Set(answers.map(({ body }) => body.execution_id)).size, 3);
    assert.equal((await keyed(token)).body.execution_id, answers[1]?.body.execution_id);
  });
});

describe('the end of a token', () => {
  it('comes at once when it is revoked, by its own agent or by an operator, once', async () => {
    const { token, token_id } = await mint({ run_id: 'run_end' });
    const path = `/v1/tokens/${token_id}`;
    problem(await server.request('DELETE', path, { key: other.key }), 404, 'not_found');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => server.request('DELETE', path, { key: agent.key })),
    );
    const done = answers.filter(({ status }) => status === 200);
    assert.equal(done.length, 1);
    assert.ok(answers.every(({ status }) => status === 200 || status === 409));
    problem(await call(token), 401, 'unauthorized');
    problem(await call(token), 401, 'unauthorized');
    const entries = await entriesOf(token_id);
    const types = entries.map(({ event_type }) => event_type);
    assert.deepEqual(types, ['token.minted', 'token.revoked', 'credential.denied']);
    const late = entries[2] as Entry;
    assert.deepEqual(
      [late.error_code, late.policy_id, late.agent_id, late.run_id, late.source_ip],
      ['token_revoked', 'builtin:token_life', agent.agent_id, 'run_end', '127.0.0.1'],
    );
    const second = await mint();
    await ask(server, 200, 'DELETE', `/v1/tokens/${second.token_id}`, { key: app.key });
    problem(await call(second.token), 401, 'unauthorized');
  });

  it('comes with its time, and is recorded by itself', async () => {
    const { token, token_id } = await mint({ ttl_seconds: 1, run_id: 'run_brief' });
    assert.equal((await call(token)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    problem(await call(token), 401, 'unauthorized');
    let expired: Entry | undefined;
    for (let tries = 0; tries < 150 && !expired; tries++) {
      [expired] = await entriesOf(token_id, { event_type: 'token.expired' });
      if (!expired) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(expired?.actor_type, 'system');
    assert.deepEqual([expired?.agent_id, expired?.run_id], [agent.agent_id, 'run_brief']);
    const [late] = await entriesOf(token_id, { event_type: 'credential.denied' });
    assert.equal(late?.error_code, 'token_expired');
    const path = `/v1/tokens/${token_id}`;
    problem(await server.request('DELETE', path, { key: agent.key }), 409, 'conflict');
  });

  it('comes with that of its key, its agent and its grant', async () => {
    const base = { provider: 'mortal', base_url: service.url, secret: SECRET };
    const own = await makeGrant(server, app, base);
    const key = await makeKey(server, app, { scopes: ['calls:execute'] });
    const mortal = await makeAgent(server, app, 'Ida');
    const byKey = await mint({ grant_id: own.grant_id }, key.key);
    const byAgent = await mint({ grant_id: own.grant_id }, mortal.key);
    const byGrant = await mint({ grant_id: own.grant_id });
    const live = async () =>
      (
        await ask<{ data: { token_id: string }[] }>(
          server,
          200,
          'GET',
          `/v1/tokens?grant_id=${own.grant_id}`,
          { key: app.key },
        )
      ).data.map(({ token_id }) => token_id);
    const ids = [byKey, byAgent, byGrant].map(({ token_id }) => token_id);
    assert.deepEqual(await live(), ids);
    await ask(server, 200, 'DELETE', `/v1/keys/${key.key_id}`, { key: app.key });
    problem(await call(byKey.token), 401, 'unauthorized');
    await ask(server, 200, 'DELETE', `/v1/agents/${mortal.agent_id}`, { key: app.key });
    problem(await call(byAgent.token), 401, 'unauthorized');
    assert.deepEqual(await live(), ids.slice(2));
    await ask(server, 200, 'DELETE', `/v1/grants/${own.grant_id}`, { key: app.key });
    await denied(byGrant.token, {}, 'grant_status');
    assert.deepEqual(await live(), []);
  });
});

describe('the list of tokens', () => {
  it('is cut by agent and run, and paged', async () => {
    const minted: Minted[] = [];
    for (let i = 0; i < 3; i++) minted.push(await mint({ run_id: 'run_list' }));
    const page = (query: string) =>
      ask<{ data: Record<string, unknown>[]; next_cursor: string | null }>(
        server,
        200,
        'GET',
        `/v1/tokens?run_id=run_list&${query}`,
        { key: app.key },
      );
    const first = await page('limit=2');
    assert.equal(first.data.length, 2);
    const rest = await page(`limit=2&cursor=${first.next_cursor}&agent_id=${agent.agent_id}`);
    assert.deepEqual(
      [...first.data, ...rest.data].map(({ token_id }) => token_id),
      minted.map(({ token_id }) => token_id),
    );
    assert.equal(rest.next_cursor, null);
    assert.deepEqual((await page(`agent_id=${other.agent_id}`)).data, []);
    assert.equal(first.data[0]?.hash, undefined);
    assert.deepEqual(first.data[0]?.scopes, ['read', 'write', 'delete']);
  });
});

describe('a token of the installation key', () => {
  it('belongs to the app that it was minted for', async () => {
    const base = { provider: 'root', base_url: service.url, secret: SECRET };
    const { grant_id: own } = await makeGrant(server, app, base);
    const body = { app_id: app.app_id, grant_id: own };
    const { token } = await ask<Minted>(server, 201, 'POST', '/v1/tokens', { body });
    const answer = await call(token);
    assert.equal(answer.status, 200, answer.text);
    const [entry] = await execution(server, app.key, answer.body.execution_id);
    assert.deepEqual([entry?.app_id, entry?.actor_type], [app.app_id, 'operator']);
    problem(await call(token, { app_id: 'app_default' }), 403, 'forbidden');
  });
});
