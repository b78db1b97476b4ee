import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { parseEvidence } from '@affidavit/ledger';

import { parseCsv } from './support/csv.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Service } from './support/service.ts';
import { browserWith, linkIn, openWallet, signIn, type Browser } from './support/signed-in.ts';
import { ask, find, ledgerSize, makeAgent, makeApp, makeGrant, makeKey } from './support/world.ts';
import { problem, type AgentUnderTest, type AppUnderTest } from './support/world.ts';

/** The wallet: a person sees all that is theirs and nothing of anybody else, and can stop it. */

/** Stands in everything of other people. */
const OTHERS = 'Xanthippe';

interface Activity {
  readonly data: Record<string, unknown>[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

let server: Affidavit;
let service: Service;
let app: AppUnderTest;
let agent: AgentUnderTest;
let reader: AgentUnderTest;
let ada: Browser;
/** Grants of Ada, of somebody else, of a group that is named as Ada is. */
let grants: Record<'ada' | 'other' | 'group', string>;

const user = (id: string) => ({ type: 'user', id });

async function call(grant_id: string, path: string, more: object = {}, by = agent) {
  const body = { method: 'GET', url: service.url + path, grant_id, ...more };
  return server.request('POST', '/v1/request', { key: by.key, body });
}

before(async () => {
  server = await startAffidavit();
  service = await startService();
  app = await makeApp(server, 'wallets');
  agent = await makeAgent(server, app, 'pr-review-agent');
  reader = await makeAgent(server, app, 'mail-agent');
  const given = { base_url: service.url, secret: 'sk_wallet_0123456789' };
  const agents = [agent.agent_id, reader.agent_id];
  const grant = async (provider: string, principal: Record<string, unknown>) =>
    (await makeGrant(server, app, { ...given, provider, principal, agents })).grant_id;
  grants = {
    ada: await grant('github', { ...user('ada'), email: 'ada@example.com' }),
    other: await grant('gitlab', user(`${OTHERS}_1`)),
    group: await grant('slack', { type: 'group', id: 'ada' }),
  };
  await call(grants.ada, '/repos/acme/app/pulls/12', { reason: 'Summarise the review' });
  await call(grants.ada, '/messages/7', { method: 'DELETE', caller: 'crm' }, reader);
  await call(grants.other, '/repos/x/y', { reason: `about ${OTHERS}` });
  await call(grants.group, '/channels', { reason: `the group of ${OTHERS}` });
  ada = await openWallet(server, app.key, 'ada');
});
after(async () => {
  await server?.stop();
  await service?.close();
});

const show = async <T = Activity>(path: string, browser = ada): Promise<T> => {
  const answer = await browser.request<T>('GET', `/v1/wallet${path}`);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer.body;
};

describe('a link to a wallet', () => {
  it('is made by an application for its user, and opens once', async () => {
    const { key } = await makeKey(server, app, { scopes: ['wallet:open'] });
    const body = { principal_id: 'ada' };
    const made = await ask(server, 201, 'POST', '/v1/wallet/sessions', { key, body });
    assert.match(String(made.url), /\/wallet#link=afl_/);
    const left = Date.parse(String(made.expires_at)) - Date.now();
    assert.ok(left > 9 * 60_000 && left <= 10 * 60_000);
    const open = () =>
      server.request('POST', '/v1/wallet/session', { key: null, body: { link: linkIn(made.url) } });
    const answers = await Promise.all(Array.from({ length: 20 }, open));
    const opened = answers.filter(({ status }) => status === 201);
    assert.equal(opened.length, 1);
    assert.equal(opened[0]?.body.session_id, made.wallet_session_id);
    const cookie = String(opened[0]?.headers['set-cookie']);
    assert.match(cookie, /^affidavit_wallet=afs_\S+; Path=\/v1\/wallet; Max-Age=3600; HttpOnly; /);
    assert.match(cookie, /SameSite=Strict$/);
  });

  it('is not made by agents or without the scope, and opens no portal', async () => {
    const body = { principal_id: 'ada' };
    const modest = await makeKey(server, app, { scopes: ['events:read'] });
    const opener = await makeAgent(server, app, 'opener', ['wallet:open']);
    for (const { key } of [modest, opener]) {
      problem(await server.request('POST', '/v1/wallet/sessions', { key, body }), 403, 'forbidden');
    }
    const { url } = await ask(server, 201, 'POST', '/v1/wallet/sessions', { key: app.key, body });
    const link = { link: linkIn(url) };
    const asOperator = await server.request('POST', '/v1/sessions', { key: null, body: link });
    problem(asOperator, 401, 'unauthorized');
    const made = await ask(server, 201, 'POST', '/v1/sign-in-links', { key: app.key, body: {} });
    const asWallet = { link: linkIn(made.url) };
    const crossed = await server.request('POST', '/v1/wallet/session', {
      key: null,
      body: asWallet,
    });
    problem(crossed, 401, 'unauthorized');
  });

  it('ends with the key of its application', async () => {
    const made = await makeKey(server, app, { scopes: ['wallet:open'] });
    const browser = await openWallet(server, made.key, 'ada');
    await show('', browser);
    await ask(server, 200, 'DELETE', `/v1/keys/${made.key_id}`, { key: app.key });
    problem(await browser.request('GET', '/v1/wallet'), 401, 'unauthorized');
  });
});

describe('a wallet', () => {
  it('says whose it is', async () => {
    const wallet = await show<Record<string, unknown>>('');
    const { expires_at, ...rest } = wallet;
    assert.ok(Date.parse(String(expires_at)) > Date.now());
    assert.deepEqual(rest, {
      principal_id: 'ada',
      principal_type: 'user',
      email: 'ada@example.com',
      app_name: 'wallets',
      signed_in_by: 'link',
    });
  });

  it('shows the connections of its person, with agents and last use', async () => {
    const { data } = await show('/connections');
    const [one, ...others] = data;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [one?.grant_id, one?.provider, one?.status, one?.agents],
      [
        grants.ada,
        'github',
        'active',
        [
          { agent_id: agent.agent_id, name: 'pr-review-agent' },
          { agent_id: reader.agent_id, name: 'mail-agent' },
        ],
      ],
    );
    assert.ok(Date.now() - Date.parse(String(one?.last_used_at)) < 60_000);
  });

  it('tells what was done in plain words, the newest first, each call once', async () => {
    const { data, has_more } = await show('/activity');
    const said = data.map(({ sentence }) => sentence);
    const called = said.filter((one) => String(one).includes(' at GitHub'));
    assert.deepEqual(called, [
      'mail-agent deleted message 7 at GitHub',
      'pr-review-agent read pull request 12 at GitHub for ‘Summarise the review’',
    ]);
    assert.equal(said.at(-1), 'An administrator connected GitHub');
    assert.ok(said.includes('You opened this wallet'));
    assert.equal(has_more, false);
    const whole = JSON.stringify(data);
    assert.ok(!whole.includes('source_ip') && !whole.includes('policy'));
  });

  it('is filtered, paged and counted', async () => {
    const some = async (query: string) =>
      (await show(`/activity?${query}`)).data.map(({ what }) => what);
    assert.deepEqual(await some(`agent_id=${reader.agent_id}`), ['deleted message 7 at GitHub']);
    assert.deepEqual(await some('q=summarise'), ['read pull request 12 at GitHub']);
    assert.deepEqual(await some('caller=crm'), ['deleted message 7 at GitHub']);
    assert.deepEqual(await some('provider=gitlab'), []);
    assert.deepEqual(await some(`grant_id=${grants.other}`), []);
    assert.deepEqual(await some('to=2020-01-01'), []);
    const all = (await show('/activity')).data.map(({ event_id }) => event_id);
    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: Activity = await show(`/activity?limit=2${at}`);
      assert.ok(page.data.length <= 2);
      paged.push(...page.data.map(({ event_id }) => event_id));
      cursor = page.next_cursor;
    }
    assert.deepEqual(paged, all);
    const facets = await show<{ data: object[] }>('/activity/facets?field=agent_id');
    const counted = (facets.data as { name: string; count: number }[])
      .map(({ name, count }) => [name, count])
      .sort();
    assert.deepEqual(counted, [
      ['mail-agent', 1],
      ['pr-review-agent', 1],
    ]);
    const { data } = await show('/activity/facets?field=provider');
    assert.deepEqual(data, [{ value: 'github', count: 3 }]);
  });

  it('is saved as a file without formulas', async () => {
    await call(grants.ada, '/me', { reason: '=HYPERLINK("http://evil")' });
    const { text, headers } = await ada.request('GET', '/v1/wallet/activity.csv');
    assert.match(String(headers['content-type']), /^text\/csv/);
    const [head = [], ...rows] = parseCsv(text);
    const whys = rows.map((row) => row[head.indexOf('why')]);
    assert.ok(whys.includes('Summarise the review'));
    assert.ok(whys.includes(`'=HYPERLINK("http://evil")`));
    assert.ok(!text.includes(OTHERS));
  });

  it('gives the proof of its own entries', async () => {
    const { data } = await show('/activity?q=summarise');
    const event_id = String(data[0]?.event_id);
    const evidence = parseEvidence(await show(`/activity/${event_id}/evidence`));
    assert.ok(evidence.parts.some(({ name }) => name === 'envelope'));
    const ledger = await show<Record<string, unknown>>('/ledger');
    assert.match(String(ledger.vkey), /^affidavit/);
    assert.match(String(ledger.checkpoint), new RegExp(`^${String(ledger.origin)}\n`));
    problem(await ada.request('GET', '/v1/wallet/ledger/tile/entries/000'), 404, 'not_found');
    const { hashes } = await show<{ hashes: string[] }>('/ledger/proof/consistency?old=1&new=3');
    assert.equal(hashes.length, 2);
    const keys = await show<{ data: { vkey: string }[] }>('/ledger/keys');
    assert.deepEqual(
      keys.data.map(({ vkey }) => vkey),
      [ledger.vkey],
    );
    const { data: all } = await show('/activity');
    const byOperator = all.find(({ actor_type }) => actor_type === 'operator');
    const path = `/activity/${String(byOperator?.event_id)}/evidence`;
    assert.deepEqual(parseEvidence(await show(path)).parts, []);
  });
});

describe('a wallet and what is of others', () => {
  it('shows none of it, whatever is asked', async () => {
    const entries = await find(server, app.key, { q: OTHERS });
    const theirs = [...entries, ...(await find(server, app.key, { principal_type: 'group' }))];
    assert.ok(theirs.length >= 4);
    for (const { event_id } of theirs) {
      const answer = await ada.request('GET', `/v1/wallet/activity/${event_id}/evidence`);
      const unknown = await ada.request('GET', '/v1/wallet/activity/evt_none/evidence');
      problem(answer, 404, 'not_found');
      assert.equal(
        problem(answer, 404, 'not_found').detail.replace(event_id, ''),
        problem(unknown, 404, 'not_found').detail.replace('evt_none', ''),
      );
    }
    for (const grant_id of [grants.other, grants.group, 'grt_none']) {
      const path = `/v1/wallet/connections/${grant_id}`;
      problem(await ada.request('DELETE', path), 404, 'not_found');
      const one = await ada.request('DELETE', `${path}/agents/${agent.agent_id}`);
      problem(one, 404, 'not_found');
    }
    for (const path of ['/connections', '/activity', '/activity?limit=200', '/erasure-requests']) {
      const text = JSON.stringify(await show(path));
      assert.ok(!text.includes(OTHERS) && !text.includes(grants.group), path);
    }
  });

  it('takes no parameter that is about whom', async () => {
    const paths = [
      '',
      '/connections',
      '/activity',
      '/activity.csv',
      '/ledger',
      '/ledger/keys',
      '/erasure-requests',
    ];
    const names = [
      'user',
      'principal_id',
      'principal_type',
      'app_id',
      'actor',
      'event_id',
      'order',
    ];
    for (const path of [...paths, '/activity/facets?field=provider']) {
      for (const name of names) {
        const sign = path.includes('?') ? '&' : '?';
        const asked = `/v1/wallet${path}${sign}${name}=${OTHERS}_1`;
        problem(await ada.request('GET', asked), 400, 'invalid_request');
      }
    }
    for (const query of ['cursor=a&cursor=b', 'limit=1&limit=2', 'limit=1000', 'cursor=MS4w']) {
      assert.equal((await ada.request('GET', `/v1/wallet/activity?${query}`)).status, 400, query);
    }
    problem(
      await ada.request('GET', '/v1/wallet/activity/facets?field=principal_id'),
      400,
      'invalid_request',
    );
    const body = { principal_id: `${OTHERS}_1` };
    problem(
      await ada.request('POST', '/v1/wallet/erasure-requests', { body }),
      400,
      'invalid_request',
    );
  });

  it('goes on from no page of another', async () => {
    const other = await openWallet(server, app.key, `${OTHERS}_1`);
    const { next_cursor } = await show('/activity?limit=1', other);
    assert.ok(next_cursor);
    const answer = await ada.request('GET', `/v1/wallet/activity?limit=1&cursor=${next_cursor}`);
    problem(answer, 400, 'invalid_cursor');
  });

  it('is another one in another app, for another kind of principal', async () => {
    const elsewhere = await makeApp(server, 'elsewhere');
    const there = await openWallet(server, elsewhere.key, 'ada');
    assert.deepEqual((await show('/connections', there)).data, []);
    assert.equal((await show('/activity?provider=github', there)).data.length, 0);
    const group = await openWallet(server, app.key, 'ada', { principal_type: 'group' });
    const { data } = await show('/connections', group);
    assert.deepEqual(
      data.map(({ grant_id }) => grant_id),
      [grants.group],
    );
  });

  it('reaches nothing but itself, and nothing else reaches it', async () => {
    const { paths } = await ask<{ paths: Record<string, Record<string, { 'x-access': string }>> }>(
      server,
      200,
      'GET',
      '/openapi.json',
    );
    const owner = await signIn(server, { key: app.key });
    const renamed = browserWith(server, ada.cookie.replace('wallet', 'session'), '');
    const size = await ledgerSize(server, app.key);
    for (const [path, methods] of Object.entries(paths)) {
      const filled = path.replaceAll(/\{\w+\}/g, 'none_such');
      for (const [name, { 'x-access': access }] of Object.entries(methods)) {
        if (access === 'public') continue;
        const method = name.toUpperCase();
        const body = ['GET', 'DELETE'].includes(method) ? {} : { body: {} };
        const doors = access === 'wallet' ? [owner] : [ada, renamed];
        for (const door of doors) {
          const answer = await door.request(method, filled, body);
          problem(answer, 401, 'unauthorized');
        }
        if (access !== 'wallet') continue;
        const withKey = await ada.request(method, filled, {
          ...body,
          headers: { authorization: `Bearer ${app.key}` },
        });
        problem(withKey, 401, 'unauthorized');
      }
    }
    assert.equal(await ledgerSize(server, app.key), size);
  });

  it('does nothing for pages of other sites', async () => {
    const path = `/v1/wallet/connections/${grants.ada}`;
    for (const headers of [
      { 'x-affidavit-portal': undefined },
      { origin: 'https://evil.example' },
    ]) {
      problem(await ada.request('DELETE', path, { headers }), 403, 'forbidden');
    }
    assert.equal((await show('/connections')).data[0]?.status, 'active');
  });
});

describe('what a person does in their wallet', () => {
  it('takes an agent off, and the next call is denied', async () => {
    assert.equal((await call(grants.ada, '/me', {}, reader)).status, 200);
    const path = `/v1/wallet/connections/${grants.ada}/agents/${reader.agent_id}`;
    assert.equal((await ada.request('DELETE', path)).status, 200);
    problem(await call(grants.ada, '/me', {}, reader), 403, 'policy_denied');
    assert.equal((await call(grants.ada, '/me')).status, 200);
    const { data } = await show('/activity?limit=3');
    assert.ok(data.some(({ what }) => what === 'took mail-agent off the connection to GitHub'));
    problem(await ada.request('DELETE', path), 404, 'not_found');
  });

  it('ends a connection, and the next call is denied', async () => {
    const path = `/v1/wallet/connections/${grants.ada}`;
    const answer = await ada.request('DELETE', path);
    assert.deepEqual([answer.status, answer.body.status], [200, 'revoked']);
    problem(await call(grants.ada, '/me'), 403, 'policy_denied');
    const [event, ...others] = await find(server, app.key, {
      event_type: 'grant.revoked',
      grant_id: grants.ada,
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [event?.actor_type, event?.actor_id, event?.principal_id],
      ['user', 'ada', 'ada'],
    );
    problem(await ada.request('DELETE', path), 409, 'conflict');
    const said = (await show('/activity')).data.map(({ sentence }) => sentence);
    assert.equal(said.filter((one) => one === 'You ended the connection to GitHub').length, 1);
  });

  it('asks for erasure, which operators find, and sees that it happened', async () => {
    const body = { reason: 'I have moved on' };
    const made = await ada.request('POST', '/v1/wallet/erasure-requests', { body });
    assert.equal(made.status, 201, made.text);
    const listed = await show('/erasure-requests');
    assert.equal(listed.data[0]?.event_id, made.body.event_id);
    assert.equal(listed.data[0]?.erased_at, undefined);
    const [entry] = await find(server, app.key, { event_type: 'wallet.erasure_requested' });
    assert.deepEqual(
      [entry?.category, entry?.reason, entry?.principal_id],
      ['end_user', body.reason, 'ada'],
    );
    for (let i = 0; i < 4; i++) {
      await ada.request('POST', '/v1/wallet/erasure-requests', { body: {} });
    }
    const again = await ada.request('POST', '/v1/wallet/erasure-requests', { body: {} });
    problem(again, 429, 'rate_limited');
    const erase = { principal_id: 'ada', reason: 'They asked' };
    await ask(server, 201, 'POST', '/v1/erasures', { key: app.key, body: erase });
    const after = await show<{ erasures: Record<string, unknown>[] }>('/erasure-requests');
    assert.equal(after.erasures[0]?.state, 'done');
  });

  it('is on the record as theirs, looks and all, each question once', async () => {
    const browser = await openWallet(server, app.key, 'eve');
    for (let i = 0; i < 3; i++) {
      await show('/connections', browser);
      await show('/activity', browser);
    }
    await show('/activity?provider=github', browser);
    await browser.request('DELETE', '/v1/wallet/session');
    problem(await browser.request('GET', '/v1/wallet'), 401, 'unauthorized');
    const entries = await find(server, app.key, { principal_id: 'eve' });
    assert.deepEqual(
      entries.map(({ event_type }) => event_type),
      [
        'wallet.link_created',
        'user.signed_in',
        'wallet.viewed',
        'wallet.viewed',
        'wallet.viewed',
        'user.signed_out',
      ],
    );
    for (const { category, actor_type, actor_id, principal_type } of entries.slice(1)) {
      assert.deepEqual(
        [category, actor_type, actor_id, principal_type],
        ['end_user', 'user', 'eve', 'user'],
      );
    }
  });
});
