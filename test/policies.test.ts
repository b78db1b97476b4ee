import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import {
  ask,
  execution,
  ledgerSize,
  makeAgent,
  makeApp,
  makeGrant,
  makeKey,
} from './support/world.ts';
import { problem, type AgentUnderTest, type AppUnderTest, type Entry } from './support/world.ts';

/** Who may use a grant, and what policies say to a call; each decision is on the record. */

const SECRET = 'sk_policies_90817263';

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;

before(async () => {
  server = await startAffidavit({ env: { AFFIDAVIT_TRUST_PROXY: '1' } });
  service = await startService();
  app = await makeApp(server, 'policies');
  agent = await makeAgent(server, app, 'Ada');
});
after(async () => {
  await service.close();
  await server.stop();
});

let made = 0;
const grantFor = (
  agents: readonly string[] | '*',
  grant: Record<string, unknown> = {},
  own = app,
) => {
  const provider = `service-${++made}`;
  return makeGrant(server, own, {
    provider,
    base_url: service.url,
    secret: SECRET,
    agents,
    grant,
  }).then((ids) => ({ ...ids, provider }));
};

const call = (body: object, key = agent.key, headers: Record<string, string> = {}) =>
  server.request('POST', '/v1/request', { key, body: { url: '/', ...body }, headers });

/** Expects a denial by policy, answered and recorded alike, without any call. */
async function denied(
  body: object,
  policy_id: string,
  {
    key = agent.key,
    headers = {},
    own = app,
  }: { key?: string; headers?: Record<string, string>; own?: AppUnderTest } = {},
): Promise<Entry> {
  const calls = service.received.length;
  const document = problem(await call(body, key, headers), 403, 'policy_denied');
  assert.equal(service.received.length, calls);
  assert.equal(document.policy_id, policy_id);
  assert.match(String(document.rule), /^[a-z_]+$/);
  const [entry, ...others] = await execution(server, own.key, document.execution_id);
  assert.deepEqual(others, []);
  assert.equal(entry?.event_type, 'credential.denied');
  assert.equal(entry?.policy_decision, 'DENY');
  assert.equal(entry?.policy_id, policy_id);
  assert.equal(entry?.outcome, 'policy_denied');
  assert.equal(entry?.error_code, 'policy_denied');
  assert.ok(entry?.policies_checked?.includes(policy_id));
  assert.equal((entry?.policy_context as { rule?: string } | undefined)?.rule, document.rule);
  assert.deepEqual(entry?.scope_granted, []);
  assert.match(String(entry?.grant_id), /^grt_/);
  return entry as Entry;
}

describe('a grant', () => {
  it('is open to the agents it is delegated to, and to no other', async () => {
    const other = await makeAgent(server, app, 'Eva');
    const { grant_id } = await grantFor([agent.agent_id]);
    assert.equal((await call({ grant_id })).status, 200);
    const entry = await denied({ grant_id }, 'builtin:delegation', { key: other.key });
    assert.equal(entry.agent_id, other.agent_id);
    const service = await makeKey(server, app, { scopes: ['calls:execute'] });
    const own = await denied({ grant_id }, 'builtin:delegation', { key: service.key });
    assert.equal(own.actor_type, 'service');
  });

  it('that is widened or narrowed is so at the next call', async () => {
    const other = await makeAgent(server, app, 'Ida');
    const { grant_id } = await grantFor([agent.agent_id]);
    const patch = (body: object) =>
      ask(server, 200, 'PATCH', `/v1/grants/${grant_id}`, { key: app.key, body });
    await patch({ agents: [other.agent_id] });
    await denied({ grant_id }, 'builtin:delegation');
    assert.equal((await call({ grant_id }, other.key)).status, 200);
    await patch({ expires_at: new Date(Date.now() - 1000).toISOString() });
    await denied({ grant_id }, 'builtin:grant_expiry', { key: other.key });
  });

  it('that is revoked, expired or too narrow denies', async () => {
    const revoked = await grantFor('*');
    assert.equal((await call({ grant_id: revoked.grant_id })).status, 200);
    await ask(server, 200, 'DELETE', `/v1/grants/${revoked.grant_id}`, { key: app.key });
    await denied({ grant_id: revoked.grant_id }, 'builtin:grant_status');
    const expired = await grantFor('*', { expires_at: '2020-01-01T00:00:00Z' });
    await denied({ grant_id: expired.grant_id }, 'builtin:grant_expiry');
    const { grant_id } = await grantFor('*', { scopes: ['read', 'list'] });
    assert.equal((await call({ grant_id, scopes: ['read'] })).status, 200);
    const entry = await denied({ grant_id, scopes: ['read', 'delete'] }, 'builtin:scope');
    assert.deepEqual(entry.scope_requested, ['read', 'delete']);
    assert.match(JSON.stringify(entry.policy_context), /delete/);
  });

  it('is found by its provider when it is the only one', async () => {
    const { provider, secret_id } = await grantFor([agent.agent_id]);
    assert.equal((await call({ provider })).status, 200);
    const body = { provider, secret_id, principal: { type: 'user', id: 'second' }, agents: '*' };
    const second = await ask<{ grant_id: string }>(server, 201, 'POST', '/v1/grants', {
      key: app.key,
      body,
    });
    const ambiguous = problem(await call({ provider }), 409, 'conflict');
    assert.equal((ambiguous.grant_ids as string[]).length, 2);
    const [entry] = await execution(server, app.key, ambiguous.execution_id);
    assert.equal(entry?.outcome, 'error');
    assert.equal(entry?.error_code, 'conflict');
    assert.equal(entry?.provider, provider);
    assert.equal((await call({ provider, principal_id: 'second' })).status, 200);
    assert.equal((await call({ grant_id: second.grant_id })).status, 200);
  });

  it('is listed by provider, person, agent and status', async () => {
    const { provider, secret_id, grant_id } = await grantFor([agent.agent_id]);
    const body = { provider, secret_id, principal: { type: 'user', id: 'p_2' }, agents: '*' };
    const options = { key: app.key, body };
    const open = await ask<{ grant_id: string }>(server, 201, 'POST', '/v1/grants', options);
    await ask(server, 200, 'DELETE', `/v1/grants/${grant_id}`, { key: app.key });
    const found = async (filter: string) => {
      const options = { key: app.key };
      const path = `/v1/grants?${filter}`;
      const list = await ask<{ data: { grant_id: string }[] }>(server, 200, 'GET', path, options);
      return list.data.map((one) => one.grant_id);
    };
    const of = `provider=${provider}`;
    assert.equal((await found(of)).length, 2);
    assert.deepEqual(await found(`${of}&principal_id=p_2`), [open.grant_id]);
    assert.deepEqual(await found(`${of}&agent_id=agt_another`), [open.grant_id]);
    assert.deepEqual(await found(`${of}&status=revoked&agent_id=${agent.agent_id}`), [grant_id]);
    const lastUse = async () => {
      const path = `/v1/grants?${of}&principal_id=p_2&last_used=true`;
      const list = await ask<{ data: { last_used_at?: string }[] }>(server, 200, 'GET', path, {
        key: app.key,
      });
      return list.data[0]?.last_used_at;
    };
    assert.equal(await lastUse(), undefined);
    const before = Date.now();
    assert.equal((await call({ grant_id: open.grant_id })).status, 200);
    assert.ok(Date.parse((await lastUse()) ?? '') >= before);
    const odd = await server.request('GET', '/v1/grants?status=odd', { key: app.key });
    problem(odd, 400, 'invalid_request');
  });

  it('that is unknown is not found, and the attempt is on the record', async () => {
    for (const body of [{ grant_id: 'grt_none' }, { provider: 'nobody' }]) {
      const { execution_id } = problem(await call(body), 404, 'not_found');
      const [entry, ...others] = await execution(server, app.key, execution_id);
      assert.deepEqual(others, []);
      assert.equal(entry?.event_type, 'credential.denied');
      assert.equal(entry?.error_code, 'not_found');
      assert.equal(entry?.grant_id ?? entry?.provider, Object.values(body)[0]);
      assert.equal(entry?.agent_id, agent.agent_id);
    }
  });

  it('is for its provider alone', async () => {
    const { grant_id } = await grantFor('*');
    const answer = await call({ grant_id, provider: 'another' });
    assert.equal(problem(answer, 400, 'invalid_request').field, 'provider');
    assert.equal(problem(await call({}), 400, 'invalid_request').field, 'grant_id');
  });
});

interface Policy {
  readonly policy_id: string;
  readonly cedar: string;
}

const savePolicy = (body: object, own = app) =>
  ask<Policy>(server, 201, 'POST', '/v1/policies', {
    key: own.key,
    body: { name: 'a policy', ...body },
  });

const dropPolicy = (policy_id: string) =>
  ask(server, 200, 'DELETE', `/v1/policies/${policy_id}`, { key: app.key });

const inHours = (hours: number) =>
  new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
const allDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** For each template: one that allows the call and one that denies it. */
const TEMPLATES: [string, () => object, () => object | null][] = [
  [
    'time_window',
    () => ({ days: allDays, from: '00:00', to: '24:00', time_zone: 'Europe/Berlin' }),
    () => ({ days: allDays, from: inHours(2), to: inHours(3), time_zone: 'UTC' }),
  ],
  [
    'ip_allowlist',
    () => ({ cidrs: ['127.0.0.0/8', '::1/128'] }),
    () => ({ cidrs: ['203.0.113.0/24'] }),
  ],
  ['methods', () => ({ methods: ['GET'], paths: ['/*'] }), () => ({ methods: ['POST'] })],
  ['ttl', () => ({ seconds: 3600 }), () => null],
];

describe('a template', () => {
  for (const [kind, allowing, denying] of TEMPLATES) {
    it(`allows and denies: ${kind}`, async () => {
      const { grant_id } = await grantFor('*');
      const applies_to = { grant_id };
      const saved = await savePolicy({ template: { kind, ...allowing() }, applies_to });
      const answer = await call({ grant_id });
      assert.equal(answer.status, 200, answer.text);
      await dropPolicy(saved.policy_id);
      const template = denying();
      if (template === null) return;
      const { policy_id } = await savePolicy({ template: { kind, ...template }, applies_to });
      const entry = await denied({ grant_id }, policy_id);
      assert.match(JSON.stringify(entry.policy_context), new RegExp(kind));
      await dropPolicy(policy_id);
    });
  }

  it('denies a grant that has grown too old', async () => {
    const { grant_id } = await grantFor('*');
    const template = { kind: 'ttl', seconds: 1 };
    const { policy_id } = await savePolicy({ template, applies_to: { grant_id } });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await denied({ grant_id }, policy_id);
    await dropPolicy(policy_id);
  });

  it('holds only where it applies', async () => {
    const [one, two] = [await grantFor('*'), await grantFor('*')];
    const template = { kind: 'methods', methods: ['PUT'] };
    const { policy_id } = await savePolicy({ template, applies_to: { provider: one.provider } });
    await denied({ grant_id: one.grant_id }, policy_id);
    assert.equal((await call({ grant_id: two.grant_id })).status, 200);
    await dropPolicy(policy_id);
    const other = await makeAgent(server, app, 'Ina');
    const forAgent = { template, applies_to: { agent_id: other.agent_id } };
    const { policy_id: second } = await savePolicy(forAgent);
    await denied({ grant_id: two.grant_id }, second, { key: other.key });
    assert.equal((await call({ grant_id: two.grant_id })).status, 200);
    await dropPolicy(second);
  });

  it('about addresses believes the proxy, and nobody before it', async () => {
    const { grant_id } = await grantFor('*');
    const template = { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] };
    const { policy_id } = await savePolicy({ template, applies_to: { grant_id } });
    const from = (addresses: string) => ({ 'x-forwarded-for': addresses });
    assert.equal((await call({ grant_id }, agent.key, from('203.0.113.9'))).status, 200);
    const headers = from('203.0.113.9, 198.51.100.7');
    const entry = await denied({ grant_id }, policy_id, { headers });
    assert.equal(entry.source_ip, '198.51.100.7');
    await dropPolicy(policy_id);
  });
});

describe('a policy in Cedar', () => {
  const forbid = (when: string) => `forbid (principal, action, resource) when { ${when} };`;

  it('is checked when it is saved, and the answer says where it is wrong', async () => {
    const size = await ledgerSize(server, app.key);
    for (const cedar of [
      'forbid (principal, action, resource) when { context.method == };',
      'nonsense',
      forbid('context.no_such_field == "x"'),
      forbid('context.method + 1 == 2'),
      '',
    ]) {
      const answer = await server.request('POST', '/v1/policies', {
        key: app.key,
        body: { name: 'broken', cedar },
      });
      const { field, position } = problem(answer, 400, 'invalid_request');
      assert.equal(field, 'cedar', answer.text);
      if (cedar !== '') assert.equal((position as { line: number }).line, 1, answer.text);
    }
    const both = {
      name: 'both',
      cedar: forbid('true'),
      template: { kind: 'methods', methods: ['GET'] },
    };
    problem(
      await server.request('POST', '/v1/policies', { key: app.key, body: both }),
      400,
      'invalid_request',
    );
    assert.equal(await ledgerSize(server, app.key), size, 'nothing was recorded');
  });

  it('takes effect, changes and ends at the very next call', async () => {
    const own = await makeApp(server, 'changing');
    const { key } = own;
    const { grant_id } = await grantFor('*', {}, own);
    const when = (method: string) => forbid(`context.method == "${method}"`);
    const { policy_id } = await savePolicy({ cedar: when('GET') }, own);
    await denied({ grant_id }, policy_id, { key, own });
    assert.equal((await call({ grant_id, method: 'POST' }, key)).status, 200);
    const path = `/v1/policies/${policy_id}`;
    await ask(server, 200, 'PUT', path, { key, body: { name: 'changed', cedar: when('POST') } });
    assert.equal((await call({ grant_id }, key)).status, 200);
    await denied({ grant_id, method: 'POST' }, policy_id, { key, own });
    const broken = { name: 'changed', cedar: 'forbid (' };
    problem(await server.request('PUT', path, { key, body: broken }), 400, 'invalid_request');
    await denied({ grant_id, method: 'POST' }, policy_id, { key, own });
    await ask(server, 200, 'DELETE', path, { key });
    assert.equal((await call({ grant_id, method: 'POST' }, key)).status, 200);
    problem(await server.request('DELETE', path, { key }), 404, 'not_found');
  });

  it('that errs when it is asked denies', async () => {
    const own = await makeApp(server, 'erring');
    const { grant_id } = await grantFor('*', {}, own);
    // Addition overflows only when it is evaluated.
    const cedar = forbid('9223372036854775807 + 1 == 0');
    const { policy_id } = await savePolicy({ cedar }, own);
    await denied({ grant_id }, policy_id, { key: own.key, own });
  });

  it('and others that overlap: what nothing lifts decides, then what errs, then what waits', async () => {
    const own = await makeApp(server, 'overlapping');
    const { grant_id } = await grantFor('*', {}, own);
    const save = (body: object) => savePolicy(body, own).then(({ policy_id }) => policy_id);
    const drop = (policy_id: string) =>
      ask(server, 200, 'DELETE', `/v1/policies/${policy_id}`, { key: own.key });
    await save({ template: { kind: 'rate', limit: 1, window_seconds: 3600 } });
    await save({ template: { kind: 'approval' } });
    const erring = await save({ cedar: forbid('9223372036854775807 + 1 == 0') });
    const narrow = await save({
      template: { kind: 'methods', methods: ['PUT'] },
      applies_to: { grant_id },
    });
    const wide = await save({ template: { kind: 'methods', methods: ['PATCH'] } });
    const said = await denied({ grant_id }, wide, { key: own.key, own });
    assert.equal(said.policies_checked?.length, 9);
    await drop(wide);
    await denied({ grant_id }, narrow, { key: own.key, own });
    await drop(narrow);
    const failed = await denied({ grant_id }, erring, { key: own.key, own });
    assert.equal((failed.policy_context as { rule: string }).rule, 'policy_error');
    await drop(erring);
    assert.equal((await call({ grant_id }, own.key)).status, 202);
  });

  it('of one app does not concern another', async () => {
    const own = await makeApp(server, 'quiet');
    await savePolicy({ cedar: forbid('true') }, own);
    const { grant_id } = await grantFor('*');
    assert.equal((await call({ grant_id })).status, 200);
    const theirs = await grantFor('*', {}, own);
    problem(await call({ grant_id: theirs.grant_id }, own.key), 403, 'policy_denied');
  });
});

describe('testing a policy', () => {
  it('explains every policy with its layer, and what approvals and rates would say', async () => {
    const own = await makeApp(server, 'explaining');
    const { grant_id, provider } = await grantFor('*', {}, own);
    const save = (template: object, applies_to: object) =>
      savePolicy({ template, applies_to }, own).then(({ policy_id }) => policy_id);
    const rate = { kind: 'rate', limit: 1, window_seconds: 3600 };
    const counted = await save(rate, { grant_id });
    const scoped = await save({ kind: 'scopes', scopes: ['read'] }, { provider });
    const asking = (body: object) =>
      ask<Record<string, unknown> & { policies: Record<string, unknown>[] }>(
        server,
        200,
        'POST',
        '/v1/policies/test',
        { key: own.key, body: { url: '/', grant_id, ...body } },
      );
    const results = (policies: readonly Record<string, unknown>[]) =>
      policies
        .filter(({ layer }) => layer !== undefined)
        .map(({ policy_id, layer, result }) => [policy_id, layer, result]);
    for (let n = 0; n < 3; n++) {
      const free = await asking({ scopes: ['read'] });
      assert.equal(free.policy_decision, 'ALLOW');
      assert.deepEqual(results(free.policies), [
        [scoped, 'provider', 'passes'],
        [counted, 'grant', 'counts'],
      ]);
      assert.equal((free.rates as { used: number }[])[0]?.used, 0);
    }
    assert.equal((await call({ grant_id, scopes: ['read'] }, own.key)).status, 200);
    const full = await asking({ scopes: ['read'] });
    assert.deepEqual([full.policy_decision, full.policy_id], ['DENY', counted]);
    assert.equal(full.rule, 'rate');
    const approving = await save({ kind: 'approval' }, {});
    const waiting = await asking({ scopes: ['read'] });
    assert.deepEqual([waiting.policy_id, waiting.layer], [approving, 'app']);
    assert.deepEqual(waiting.approval, { expires_in_seconds: 86_400 });
    const denied = await asking({});
    assert.deepEqual([denied.policy_id, denied.rule], [scoped, 'scopes']);
    assert.deepEqual(results(denied.policies), [
      [approving, 'app', 'requires_approval'],
      [scoped, 'provider', 'denies'],
      [counted, 'grant', 'counts'],
    ]);
    const { data } = await ask<{ data: { policy_id: string; layer: string }[] }>(
      server,
      200,
      'GET',
      '/v1/policies',
      { key: own.key },
    );
    const layers = new Map(data.map(({ policy_id, layer }) => [policy_id, layer]));
    assert.deepEqual([layers.get(approving), layers.get(counted)], ['app', 'grant']);
  });

  it('says what would happen, by whom and from where, and makes no call', async () => {
    const { grant_id } = await grantFor([agent.agent_id]);
    const template = { kind: 'ip_allowlist', cidrs: ['203.0.113.0/24'] };
    const { policy_id } = await savePolicy({ template, applies_to: { grant_id } });
    const size = await ledgerSize(server, app.key);
    const calls = service.received.length;
    const asking = (body: object) =>
      ask(server, 200, 'POST', '/v1/policies/test', {
        key: app.key,
        body: { url: '/', grant_id, agent_id: agent.agent_id, ...body },
      });
    const inside = await asking({ source_ip: '203.0.113.5' });
    assert.equal(inside.policy_decision, 'ALLOW');
    const outside = await asking({ source_ip: '198.51.100.1' });
    assert.equal(outside.policy_decision, 'DENY');
    assert.equal(outside.policy_id, policy_id);
    assert.equal(outside.rule, 'ip_allowlist');
    assert.ok(String(outside.explanation).length > 10);
    const stranger = await asking({ agent_id: 'agt_stranger', source_ip: '203.0.113.5' });
    assert.equal(stranger.policy_id, 'builtin:delegation');
    assert.equal(service.received.length, calls);
    assert.equal(await ledgerSize(server, app.key), size);
    await dropPolicy(policy_id);
  });

  it('tells what a change would say to a call of the past', async () => {
    const { grant_id } = await grantFor([agent.agent_id]);
    const days = ['mon', 'tue', 'wed', 'thu', 'fri'];
    const template = { kind: 'time_window', days, from: '09:00', to: '18:00', time_zone: 'UTC' };
    const policy = { template, applies_to: { grant_id } };
    const { policy_id } = await savePolicy(policy);
    const asking = (body: object) =>
      ask<{ policy_decision: string; policy_id: string }>(
        server,
        200,
        'POST',
        '/v1/policies/test',
        {
          key: app.key,
          body: {
            url: '/',
            grant_id,
            agent_id: agent.agent_id,
            at: '2026-11-16T20:00:00Z',
            ...body,
          },
        },
      );
    const before = await asking({});
    assert.deepEqual([before.policy_decision, before.policy_id], ['DENY', policy_id]);
    assert.equal((await asking({ at: '2026-11-16T10:00:00Z' })).policy_decision, 'ALLOW');
    const longer = { name: 'longer', ...policy, template: { ...template, to: '22:00' } };
    const changed = await asking({ change: { policy: longer, policy_id } });
    assert.equal(changed.policy_decision, 'ALLOW');
    assert.equal((await asking({ change: { delete: policy_id } })).policy_decision, 'ALLOW');
    const when = 'context has verb && context.verb == "mail:send"';
    const cedar = `forbid (principal, action, resource) when { ${when} };`;
    const change = { policy: { name: 'no mail', cedar }, policy_id };
    assert.equal((await asking({ change })).policy_decision, 'ALLOW');
    assert.equal((await asking({ change, verb: 'mail:send' })).policy_decision, 'DENY');
    const shown = await ask<{ layer: string }>(server, 200, 'GET', `/v1/policies/${policy_id}`, {
      key: app.key,
    });
    assert.equal(shown.layer, 'grant');
    for (const wrong of [{}, { policy: { name: 'x', cedar: 'forbid (' } }]) {
      const body = { url: '/', grant_id, change: wrong };
      const options = { key: app.key, body };
      problem(await server.request('POST', '/v1/policies/test', options), 400, 'invalid_request');
    }
    await dropPolicy(policy_id);
  });

  it('reads a policy as it would be saved', async () => {
    const check = (body: object) =>
      server.request<Record<string, unknown>>('POST', '/v1/policies/check', { key: app.key, body });
    const template = { kind: 'methods', methods: ['GET'] };
    const read = await check({ name: 'only GET', template, applies_to: { provider: 'mail' } });
    assert.equal(read.status, 200);
    assert.equal(read.body.layer, 'provider');
    assert.match(String(read.body.cedar), /^@name\("only GET"\)/);
    const wrong = await check({ name: 'wrong', cedar: 'forbid (principal, action, resource' });
    assert.deepEqual(problem(wrong, 400, 'invalid_request').field, 'cedar');
  });

  it('is for administrators', async () => {
    const body = { url: '/', grant_id: 'grt_none' };
    const answer = await server.request('POST', '/v1/policies/test', { key: agent.key, body });
    problem(answer, 403, 'forbidden');
  });
});
