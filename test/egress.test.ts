import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { execution, makeAgent, makeApp, makeGrant, problem } from './support/world.ts';
import type { AgentUnderTest, AppUnderTest, Entry } from './support/world.ts';

/** Where a call may go, and where its credential may go with it. */

const SECRET = 'sk_egress_a1b2c3d4e5';

let server: Affidavit;
let service: Service;
/** Another origin, on its own port. */
let elsewhere: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;

before(async () => {
  server = await startAffidavit();
  elsewhere = await startService((_, response) => void response.end('elsewhere'));
  service = await startService(({ url }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://service');
    const to = pathname === '/api/round' ? '/api/round' : searchParams.get('to');
    if (!/^\/api\/(redirect|round)$/.test(pathname) || to === null) {
      response.end(`here ${pathname}`);
      return;
    }
    const status = Number(searchParams.get('status') ?? 302);
    response.writeHead(status, { location: to }).end();
  });
  app = await makeApp(server, 'egress');
  agent = await makeAgent(server, app, 'Ada');
  await makeGrant(server, app, {
    provider: 'api',
    base_url: `${service.url}/api`,
    secret: SECRET,
    agents: [agent.agent_id],
    principal: { type: 'user', id: 'user_e', email: 'e@example.com' },
  });
});
after(async () => {
  await Promise.all([service.close(), elsewhere.close()]);
  await server.stop();
});

interface CallAnswer {
  readonly execution_id: string;
  readonly status: number;
  readonly body: string;
  readonly final_url: string;
  readonly redirects: { status: number; url: string }[];
}

const call = (url: string, more: object = {}) =>
  server.request<CallAnswer>('POST', '/v1/request', {
    key: agent.key,
    body: { provider: 'api', url, ...more },
  });

const redirectTo = (to: string, status = 302) =>
  `/redirect?${new URLSearchParams({ to, status: String(status) })}`;

/** Expects a refusal before anything was called, on the record with all that was known. */
async function refused(answer: Answer<CallAnswer>, url?: string): Promise<Entry> {
  const { execution_id } = problem(answer, 403, 'egress_blocked');
  const entries = await execution(server, app.key, execution_id);
  assert.equal(entries.length, 1);
  const [entry] = entries as [Entry];
  assert.equal(entry.event_type, 'credential.denied');
  assert.equal(entry.outcome, 'blocked');
  assert.equal(entry.error_code, 'egress_blocked');
  assert.equal(entry.provider, 'api');
  assert.match(String(entry.provider_id), /^prv_/);
  assert.match(String(entry.grant_id), /^grt_/);
  assert.equal(entry.grant_kind, 'managed_secret');
  assert.equal(entry.principal_id, 'user_e');
  assert.equal(entry.principal_email, 'e@example.com');
  assert.equal(entry.agent_id, agent.agent_id);
  assert.equal(entry.scope_granted, undefined, 'nothing was granted');
  if (url !== undefined) assert.equal(entry.url, url);
  return entry;
}

describe('a redirect', () => {
  it('inside the scope is followed with the credential', async () => {
    const answer = await call(redirectTo('/api/goal'));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.body, 'here /api/goal');
    assert.equal(answer.body.final_url, `${service.url}/api/goal`);
    assert.deepEqual(answer.body.redirects, [{ status: 302, url: `${service.url}/api/goal` }]);
    assert.equal(service.received.at(-1)?.headers.authorization, `Bearer ${SECRET}`);
  });

  for (const [what, to] of [
    ['to another origin', () => `${elsewhere.url}/goal`],
    ['above the base URL', () => '/outside'],
    ['to a neighbour that begins alike', () => '/api2/goal'],
    ['up behind an encoding', () => '/api/..%2foutside'],
  ] as const) {
    it(`${what} is followed without it`, async () => {
      const answer = await call(redirectTo(to()));
      assert.equal(answer.status, 200, answer.text);
      const received = [service.received.at(-1), elsewhere.received.at(-1)];
      const { pathname } = new URL(answer.body.final_url);
      const goal = received.find((one) => one?.url === pathname && !one.headers.authorization);
      assert.ok(goal, `${answer.text} ${JSON.stringify(received)}`);
    });
  }

  for (const to of [
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://[::1]/',
    'file:///etc/passwd',
  ]) {
    it(`to ${to} is refused, and that is on the record`, async () => {
      const answer = await call(redirectTo(to));
      const { execution_id } = problem(answer, 403, 'egress_blocked');
      const entries = await execution(server, app.key, execution_id);
      assert.deepEqual(
        entries.map(({ event_type, outcome }) => [event_type, outcome]),
        [
          ['credential.retrieved', undefined],
          ['api.called', 'blocked'],
        ],
      );
      assert.equal(entries[1]?.error_code, 'egress_blocked');
    });
  }

  it('in a circle ends', async () => {
    const calls = service.received.length;
    const { execution_id, reason } = problem(await call('/round'), 502, 'provider_unreachable');
    assert.equal(reason, 'redirect_limit');
    assert.equal(service.received.length - calls, 6);
    const [, outcome] = await execution(server, app.key, execution_id);
    assert.equal(outcome?.outcome, 'network_error');
  });
});

describe('an address', () => {
  for (const [what, url] of [
    ['of another origin', () => `${elsewhere.url}/api/x`],
    ['above the base URL', () => `${service.url}/other`],
    ['with the base URL as a mere beginning', () => `${service.url}/apix`],
    ['that climbs', () => '/%2e%2e/admin'],
    ['that climbs behind an encoding', () => '/..%2fadmin'],
    ['that climbs behind two', () => '/%252e%252e%252fadmin'],
    ['that climbs behind a backslash', () => '/..%5cadmin'],
    ['with another user', () => service.url.replace('//', '//eve@') + '/api/x'],
    ['of a file', () => 'file:///etc/passwd'],
    ['of a script', () => 'javascript:alert(1)'],
    [
      'of another name for the machine',
      () => service.url.replace('127.0.0.1', 'localhost') + '/api/',
    ],
  ] as const) {
    it(`${what} is refused`, async () => {
      const calls = service.received.length + elsewhere.received.length;
      await refused(await call(url()));
      assert.equal(service.received.length + elsewhere.received.length, calls);
    });
  }

  it('that is refused is on the record as it was resolved', async () => {
    await refused(await call('/../admin?page=2'), `${service.url}/admin?page=2`);
  });

  it('below the base URL is called, as path or in whole', async () => {
    for (const url of ['/x', 'x', `${service.url}/api/x`, '///x']) {
      const answer = await call(url);
      assert.equal(answer.status, 200, `${url}: ${answer.text}`);
      assert.equal(answer.body.body, 'here /api/x');
    }
  });

  it('that is too long is refused', async () => {
    problem(await call(`/${'x'.repeat(8200)}`), 400, 'invalid_request');
    const query = Object.fromEntries([1, 2, 3].map((n) => [`q${n}`, 'x'.repeat(4000)]));
    assert.equal(problem(await call('/x', { query }), 400, 'invalid_request').field, 'query');
  });

  it('is not reached with a method that opens tunnels or sends credentials back', async () => {
    const calls = service.received.length;
    for (const method of ['CONNECT', 'TRACE', 'trace']) {
      problem(await call('/x', { method }), 400, 'invalid_request');
    }
    assert.equal(service.received.length, calls);
  });
});

describe('an address of a network that none may call', () => {
  const literals = [
    'http://169.254.169.254/latest/meta-data/',
    'http://10.1.2.3/',
    'http://192.168.0.1/',
    'http://172.16.0.1/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::a00:1]/',
    'http://0x0a000001/',
    'http://167772161/',
    'http://012.1.1.1/',
    'http://168.63.129.16/',
    'http://224.0.0.1/',
  ];
  for (const [index, base_url] of literals.entries()) {
    it(`is refused even as a provider: ${base_url}`, async () => {
      const provider = `net-${index}`;
      await makeGrant(server, app, { provider, base_url, secret: SECRET });
      const answer = await server.request('POST', '/v1/request', {
        key: agent.key,
        body: { provider, url: '/' },
      });
      const { execution_id } = problem(answer, 403, 'egress_blocked');
      const [entry, ...others] = await execution(server, app.key, execution_id);
      assert.deepEqual(others, []);
      assert.equal(entry?.outcome, 'blocked');
      assert.equal(entry?.provider, provider);
    });
  }

  it('is refused behind a name as well, and no retry makes it better', async () => {
    const other = await startAffidavit({ env: { AFFIDAVIT_EGRESS_ALLOW: undefined } });
    try {
      const own = await makeApp(other, 'closed');
      const base_url = service.url.replace('127.0.0.1', 'localhost');
      await makeGrant(other, own, { provider: 'named', base_url, secret: SECRET });
      await makeGrant(other, own, { provider: 'literal', base_url: service.url, secret: SECRET });
      const calls = service.received.length;
      for (const provider of ['named', 'literal']) {
        const body = { provider, url: '/' };
        const answer = await other.request('POST', '/v1/request', { key: own.key, body });
        problem(answer, 403, 'egress_blocked');
      }
      assert.equal(service.received.length, calls);
    } finally {
      await other.stop();
    }
  });
});
