import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAffidavit, type Affidavit } from './support/server.ts';
import { browserWith, cookieOf, linkIn, signIn, signInAs } from './support/signed-in.ts';
import { deadUrl } from './support/service.ts';
import { ask, find, makeAgent, makeApp, makeGrant, makeKey, problem } from './support/world.ts';
import type { AppUnderTest } from './support/world.ts';

/** Operators in a browser: how they sign in, what they may, and how that ends. */

let server: Affidavit;
let app: AppUnderTest;

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'sessions');
});
after(() => server.stop());

const isOfKey = (why: string) => why.startsWith('key_');
const makeLink = (body: object = {}, key = app.key) =>
  ask(server, 201, 'POST', '/v1/sign-in-links', { key, body });
const tryLink = (link: string, address = {}) =>
  server.request('POST', '/v1/sessions', { key: null, body: { link }, headers: address });

describe('a first start', () => {
  it('prints a link that signs in an owner of the installation, once', async () => {
    const link = /\/sign-in#link=(\S+) {2}\(once, for 24 hours\)/.exec(server.stdout())?.[1] ?? '';
    const owner = await signIn(server, { link });
    const who = await owner.request('GET', '/v1/whoami');
    const { session, role, installation, app_id, app_name, name } = who.body;
    assert.deepEqual(
      { role, installation, app_id, app_name, name },
      {
        role: 'owner',
        installation: true,
        app_id: 'app_default',
        app_name: 'default',
        name: 'first start',
      },
    );
    assert.equal((session as { how: string }).how, 'link');
    const there = await owner.request('GET', `/v1/agents?app_id=${app.app_id}`);
    assert.equal(there.status, 200);
    problem(await tryLink(link), 401, 'unauthorized');
    assert.equal((await owner.request('DELETE', '/v1/session')).status, 200);
    problem(await owner.request('GET', '/v1/whoami'), 401, 'unauthorized');
  });
});

describe('a sign-in link', () => {
  it('is made by owners, says nothing to servers, and gives the role that it is for', async () => {
    const made = await makeLink({ role: 'analyst', name: 'Grace' });
    assert.match(String(made.url), /^http:\/\/[^/]+\/sign-in#link=afl_/);
    const left = Date.parse(String(made.expires_at)) - Date.now();
    assert.ok(left > 14 * 60_000 && left <= 15 * 60_000);
    const grace = await signIn(server, { link: linkIn(made.url) });
    const who = (await grace.request('GET', '/v1/whoami')).body;
    assert.deepEqual(
      [who.role, who.owner, who.installation, who.actor_name, who.actor_type, who.actor_id],
      ['analyst', false, false, 'Grace', 'operator', grace.session_id],
    );
    assert.equal((await grace.request('GET', '/v1/events')).status, 200);
    assert.equal((await grace.request('GET', '/v1/grants')).status, 200);
    const body = { name: 'x' };
    problem(await grace.request('POST', '/v1/agents', { body }), 403, 'forbidden');
    problem(await grace.request('GET', '/v1/agents?app_id=default'), 403, 'forbidden');
    for (const role of ['admin', 'analyst']) {
      const { key } = await makeKey(server, app, { role });
      problem(
        await server.request('POST', '/v1/sign-in-links', { key, body: {} }),
        403,
        'forbidden',
      );
    }
  });

  it('gives one session to fifty who use it at once', async () => {
    const link = linkIn((await makeLink({ role: 'auditor' })).url);
    const answers = await Promise.all(Array.from({ length: 50 }, () => tryLink(link)));
    const opened = answers.filter(({ status }) => status === 201);
    assert.equal(opened.length, 1);
    for (const answer of answers.filter((one) => one !== opened[0])) {
      assert.match(problem(answer, 401, 'unauthorized').detail, /used before/);
      assert.equal(cookieOf(answer, 'affidavit_session'), undefined);
    }
    const { session_id } = opened[0]!.body;
    const entries = await find(server, app.key, { event_type: 'session.*' });
    const about = entries.filter(
      ({ args }) => (args as { session_id?: string }).session_id === session_id,
    );
    const types = about.map(({ event_type }) => event_type).sort();
    assert.deepEqual(types, ['session.refused', 'session.started']);
  });

  it('that nobody has used can be withdrawn, and ends with the key that made it', async () => {
    const { session_id, url } = await makeLink();
    await ask(server, 200, 'DELETE', `/v1/sessions/${session_id}`, { key: app.key });
    assert.match(problem(await tryLink(linkIn(url)), 401, 'unauthorized').detail, /withdrawn/);
    const owner = await makeKey(server, app, { role: 'owner' });
    const late = await makeLink({}, owner.key);
    const early = await signInAs(server, owner.key, 'admin');
    await ask(server, 200, 'DELETE', `/v1/keys/${owner.key_id}`, { key: app.key });
    assert.match(problem(await tryLink(linkIn(late.url)), 401, 'unauthorized').detail, /has ended/);
    problem(await early.request('GET', '/v1/whoami'), 401, 'unauthorized');
  });

  it('is not taken where it was made up', async () => {
    for (const link of ['x', 'afl_1_', `afl_1_${'a'.repeat(43)}`, `afs_1_${'a'.repeat(43)}`]) {
      problem(await tryLink(link), 401, 'unauthorized');
    }
    const both = { link: 'x', key: 'y' };
    for (const body of [{}, both, { link: '' }, { link: 1 }]) {
      problem(
        await server.request('POST', '/v1/sessions', { key: null, body }),
        400,
        'invalid_request',
      );
    }
  });
});

describe('an API key', () => {
  it('signs its owner in, with what it may do, until it ends', async () => {
    const made = await makeKey(server, app, { role: 'approver' });
    const browser = await signIn(server, { key: made.key });
    const who = (await browser.request('GET', '/v1/whoami')).body;
    assert.deepEqual([who.role, who.key_id, who.actor_id], ['approver', made.key_id, made.key_id]);
    assert.equal((await browser.request('GET', '/v1/approvals')).status, 200);
    problem(await browser.request('GET', '/v1/events'), 403, 'forbidden');
    await ask(server, 200, 'DELETE', `/v1/keys/${made.key_id}`, { key: app.key });
    problem(await browser.request('GET', '/v1/whoami'), 401, 'unauthorized');
  });

  it('of an agent, of a program, revoked or wrong signs nobody in', async () => {
    const agent = await makeAgent(server, app, 'Ada');
    const program = await makeKey(server, app, { scopes: ['events:read'] });
    const dead = await makeKey(server, app, { role: 'admin' });
    await ask(server, 200, 'DELETE', `/v1/keys/${dead.key_id}`, { key: app.key });
    const use = (key: string) =>
      server.request('POST', '/v1/sessions', { key: null, body: { key } });
    problem(await use(agent.key), 403, 'forbidden');
    problem(await use(program.key), 403, 'forbidden');
    problem(await use(dead.key), 401, 'unauthorized');
    problem(await use('afd_00000000_nothing'), 401, 'unauthorized');
    problem(await use(dead.key), 401, 'unauthorized');
    const refused = await find(server, app.key, { event_type: 'session.refused' });
    const whys = refused.map(({ args }) => (args as { why: string }).why).filter(isOfKey);
    assert.deepEqual(whys, ['key_not_for_people', 'key_not_for_people', 'key_ended']);
  });
});

describe('a cookie', () => {
  it('is out of reach of scripts and other sites, and ends in twelve hours', async () => {
    const answer = await server.request('POST', '/v1/sessions', {
      key: null,
      body: { key: app.key },
    });
    const [set = ''] = answer.headers['set-cookie'] ?? [];
    const [value, ...rules] = set.split('; ');
    assert.match(value ?? '', /^affidavit_session=afs_\w+_[\w-]{43}$/);
    assert.deepEqual(rules, ['Path=/', 'Max-Age=43200', 'HttpOnly', 'SameSite=Strict']);
    assert.ok(!answer.text.includes('afs_'));
    const whole = JSON.stringify(await find(server, app.key, {})) + server.stdout();
    assert.ok(!whole.includes((value ?? '').split('=')[1] ?? ''));
  });

  it('changes nothing without the header of our pages, or for another site', async () => {
    const browser = await signIn(server, { key: app.key });
    const make = (headers: Record<string, string | undefined>) =>
      browser.request('POST', '/v1/agents', { body: { name: 'x' }, headers });
    const own = server.url;
    assert.equal((await make({})).status, 201);
    assert.equal((await make({ origin: own })).status, 201);
    assert.equal((await make({ 'sec-fetch-site': undefined })).status, 201);
    for (const headers of [
      { 'x-affidavit-portal': undefined },
      { 'x-affidavit-portal': '2' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: own.replace(/\d+$/, '1') },
    ]) {
      const answer = await make(headers);
      problem(answer, 403, 'forbidden');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
    for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
      const headers = { 'x-affidavit-portal': undefined };
      const path = method === 'PUT' ? '/v1/retention' : '/v1/agents/agt_1';
      problem(await browser.request(method, path, { headers }), 403, 'forbidden');
    }
  });

  it('is not looked at beside a bearer, and is taken for none', async () => {
    const browser = await signIn(server, { key: app.key });
    const { key } = await makeKey(server, app, { scopes: ['ledger:read'] });
    const asked = (path: string, authorization: string) =>
      browser.request('GET', path, { headers: { authorization } });
    problem(await asked('/v1/events', `Bearer ${key}`), 403, 'forbidden');
    problem(await asked('/v1/whoami', 'Bearer wrong'), 401, 'unauthorized');
    const [name, value] = browser.cookie.split('=') as [string, string];
    problem(await server.request('GET', '/v1/whoami', { key: value }), 401, 'unauthorized');
    const crossed = (cookie: string) =>
      browserWith(server, cookie, '').request('GET', '/v1/whoami');
    problem(await crossed(`${name}=${app.key}`), 401, 'unauthorized');
    problem(await crossed(`${browser.cookie}; ${browser.cookie}`), 401, 'unauthorized');
    problem(await crossed(`affidavit_wallet=${value}`), 401, 'unauthorized');
    problem(await crossed(`__Host-${browser.cookie}`), 401, 'unauthorized');
  });
});

describe('a session', () => {
  it('is on the record with what was done in it', async () => {
    const browser = await signIn(server, { key: app.key });
    const { session_id } = browser;
    const { body } = await browser.request('POST', '/v1/agents', { body: { name: 'recorded' } });
    const filter = '/v1/events?event_type=agent.created';
    await browser.request('GET', filter);
    await browser.request('GET', filter);
    await browser.request('DELETE', '/v1/session');
    const entries = await find(server, app.key, { actor_id: app.key_id, q: session_id });
    assert.deepEqual(
      entries.map((entry) => [entry.event_type, entry.category, entry.actor_type]),
      [
        ['session.started', 'admin', 'operator'],
        ['agent.created', 'admin', 'operator'],
        ['trail.read', 'admin', 'operator'],
        ['session.ended', 'admin', 'operator'],
      ],
    );
    assert.equal(entries[1]?.agent_id, body.agent_id);
    assert.deepEqual(entries[1]?.context, { session_id });
  });

  it('has streams, which end with it', async () => {
    const browser = await signIn(server, { key: app.key });
    const response = await fetch(`${server.url}/v1/events/stream?event_type=note.*`, {
      headers: { cookie: browser.cookie },
      signal: AbortSignal.timeout(20_000),
    });
    assert.equal(response.status, 200);
    await browser.request('DELETE', '/v1/session');
    const body = { event_type: 'note.taken', reason: 'after the end of the session' };
    await ask(server, 201, 'POST', '/v1/events', { key: app.key, body });
    assert.ok(!(await response.text()).includes('after the end'));
  });

  it('is listed and ended by owners, without its secret', async () => {
    const admin = await signInAs(server, app.key, 'admin');
    problem(await admin.request('GET', '/v1/sessions'), 403, 'forbidden');
    const owner = await signInAs(server, app.key, 'owner');
    const { body } = await owner.request<{ data: Record<string, unknown>[] }>(
      'GET',
      '/v1/sessions',
    );
    const row = body.data.find(({ session_id }) => session_id === admin.session_id);
    assert.deepEqual([row?.status, row?.role, row?.how], ['open', 'admin', 'link']);
    assert.ok(!JSON.stringify(body).includes('hash'));
    await owner.request('DELETE', `/v1/sessions/${admin.session_id}`);
    problem(await admin.request('GET', '/v1/whoami'), 401, 'unauthorized');
    const again = await owner.request('DELETE', `/v1/sessions/${admin.session_id}`);
    problem(again, 409, 'conflict');
  });

  it('mints no tokens, and is none that a key can end', async () => {
    const owner = await signInAs(server, app.key, 'owner');
    const body = { grant_id: 'grt_1' };
    problem(await owner.request('POST', '/v1/tokens', { body }), 403, 'forbidden');
    const ended = await server.request('DELETE', '/v1/session', { key: app.key });
    problem(ended, 404, 'not_found');
  });

  it('makes calls, but approves none that its own key asked for', async () => {
    const { grant_id } = await makeGrant(server, app, {
      provider: 'shop',
      base_url: await deadUrl(),
      secret: 'sk_sessions_0123456789',
    });
    const policy = { name: 'ask', template: { kind: 'approval' }, applies_to: { grant_id } };
    await ask(server, 201, 'POST', '/v1/policies', { key: app.key, body: policy });
    const owner = await signIn(server, { key: app.key });
    const held = await owner.request('POST', '/v1/request', { body: { grant_id, url: '/' } });
    assert.equal(held.status, 202, held.text);
    const asked = await find(server, app.key, { event_type: 'approval.requested' });
    assert.deepEqual(asked.at(-1)?.context, { session_id: owner.session_id });
    const path = `/v1/approvals/${String(held.body.approval_id)}/approve`;
    const body = { reason: 'I looked' };
    const again = await signIn(server, { key: app.key });
    for (const browser of [owner, again]) {
      problem(await browser.request('POST', path, { body }), 403, 'forbidden');
    }
    const other = await signInAs(
      server,
      (await makeKey(server, app, { role: 'owner' })).key,
      'owner',
    );
    assert.equal((await other.request('POST', path, { body })).status, 200);
  });

  it('cannot be had by trying without end', async () => {
    const proxied = await startAffidavit({ env: { AFFIDAVIT_TRUST_PROXY: '1' } });
    try {
      const from = (address: string) =>
        proxied.request('POST', '/v1/sessions', {
          key: null,
          body: { key: 'adm_wrong_one' },
          headers: { 'x-forwarded-for': address },
        });
      const statuses = new Set<number>();
      for (let i = 0; i < 100; i++) statuses.add((await from(`2001:db8::${i}`)).status);
      assert.deepEqual([...statuses], [401]);
      const answer = await from('2001:db8::ffff');
      problem(answer, 429, 'rate_limited');
      assert.ok(Number(answer.headers['retry-after']) > 0);
      assert.equal((await from('2001:db8:1::1')).status, 401);
    } finally {
      await proxied.stop();
    }
  });
});

describe('over https', () => {
  it('the cookie says what the browser must have checked', async () => {
    const secure = await startAffidavit({
      env: { AFFIDAVIT_PUBLIC_URL: 'https://audit.example.com' },
    });
    try {
      const body = { key: secure.adminKey };
      const answer = await secure.request('POST', '/v1/sessions', { key: null, body });
      assert.match(
        answer.headers['set-cookie']?.[0] ?? '',
        /^__Host-affidavit_session=\S+; Path=\/; .*HttpOnly; SameSite=Strict; Secure$/,
      );
      const cookie = cookieOf(answer, '__Host-affidavit_session') ?? '';
      const browser = browserWith(secure, cookie, '');
      assert.equal((await browser.request('GET', '/v1/whoami')).status, 200);
      const bare = browserWith(secure, cookie.replace('__Host-', ''), '');
      problem(await bare.request('GET', '/v1/whoami'), 401, 'unauthorized');
      const { headers } = await secure.request('GET', '/', { key: null });
      assert.equal(headers['x-content-type-options'], 'nosniff');
    } finally {
      await secure.stop();
    }
  });
});
