import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  entriesFromBundles,
  rootFromEntries,
  rootFromTiles,
  type Fetch,
} from '@affidavit/server/testing/c2sp-client';

import { openNoteByHand } from './support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ask, find, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** What an auditor's key and what no key at all can read: the ledger, where it is open, and never contents. */

/** Stands in every field that a client can fill. */
const MARKER = 'Zanzibar-7f3a';

let server: Affidavit;
let app: AppUnderTest;
let auditor: string;
let eventId: string;

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, `${MARKER} app`);
  auditor = (await makeKey(server, app, { scopes: ['ledger:read'] })).key;
  const event = newEvent({
    reason: MARKER,
    principal_id: MARKER,
    principal_email: `${MARKER}@example.com`,
    run_id: MARKER,
    execution_id: `exe_${MARKER}`,
    context: { about: MARKER },
    args: { of: MARKER },
    result: MARKER,
    request_body: MARKER,
    response_body: MARKER,
    url: `https://example.com/${MARKER}`,
  });
  eventId = event.event_id;
  const events = [event, ...Array.from({ length: 300 }, () => newEvent({ reason: MARKER }))];
  await ask(server, 201, 'POST', '/v1/events', { key: app.key, body: { events } });
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const open = (ledger_public: boolean, key = app.key) =>
  ask(server, 200, 'PATCH', `/v1/apps/${app.app_id}`, { key, body: { ledger_public } });

const knock = (path: string, key: string | null = null) => server.request('GET', path, { key });

/** Every path below the two prefixes of a ledger. */
const BELOW = [
  '',
  '/checkpoint',
  '/keys',
  '/tile/0/000',
  '/tile/0/001.p/7',
  '/tile/1/000.p/1',
  '/tile/entries/000',
  '/proof/inclusion?seq=3',
  '/proof/consistency?old=3&new=9',
  '/range',
  '/range?format=ndjson',
];
const pathsOf = (appId: string) => [
  ...BELOW.map((path) => `/v1/ledgers/${appId}${path}`),
  ...BELOW.map((path) => `/v1/ledger${path}${path.includes('?') ? '&' : '?'}app_id=${appId}`),
];

suite('a key that can only read the ledger', () => {
  test('sees no contents anywhere', async () => {
    const { paths } = await ask<{ paths: Record<string, Record<string, unknown>> }>(
      server,
      200,
      'GET',
      '/openapi.json',
    );
    const ids: Record<string, string> = {
      app_id: app.app_id,
      event_id: eventId,
      execution_id: `exe_${MARKER}`,
      path: 'entries/000',
    };
    const fill = (path: string) =>
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'none');
    const gets = Object.entries(paths).flatMap(([path, methods]) =>
      'get' in methods ? [fill(path)] : [],
    );
    let readable = 0;
    for (const path of [...gets, ...pathsOf(app.app_id), `/v1/events?q=${MARKER}`]) {
      const { status, text, bytes, headers } = await knock(path, auditor);
      assert.ok(!bytes.includes(MARKER), `${path}: ${text.slice(0, 300)}`);
      assert.ok(!JSON.stringify(headers).includes(MARKER));
      if (status === 200) readable += 1;
      // The way to an identity provider leads back; a wallet opens for no key.
      else assert.ok([303, 400, 401, 403, 404].includes(status), `${path}: ${status}`);
    }
    assert.ok(readable >= 20, `${readable} could be read`);
    problem(await knock(`/v1/events/${eventId}/evidence`, auditor), 403, 'forbidden');
    problem(await knock(`/v1/events/${eventId}`, auditor), 403, 'forbidden');
  });
});

suite('a ledger', () => {
  test('is closed to who has no key until the app opens it', async () => {
    for (const path of [...pathsOf(app.app_id), ...BELOW.map((one) => `/v1/ledger${one}`)]) {
      problem(await knock(path), 401, 'unauthorized');
    }
    // One that is not there looks the same.
    for (const path of pathsOf('app_none')) problem(await knock(path), 401, 'unauthorized');
  });

  test('that is open is read by anyone, with any key and without', async () => {
    assert.equal((await open(true)).ledger_public, true);
    const stranger = await makeApp(server, 'stranger');
    for (const path of pathsOf(app.app_id)) {
      const { text } = await knock(path, auditor);
      for (const key of [null, auditor, stranger.key, 'no key at all']) {
        const answer = await knock(path, key);
        assert.equal(answer.status, 200, `${path}: ${answer.text}`);
        assert.equal(answer.text, text, path);
        assert.ok(!answer.bytes.includes(MARKER), path);
        assert.equal(answer.headers['access-control-allow-origin'], '*', path);
      }
    }
    problem(await knock(`/v1/events?app_id=${app.app_id}`), 401, 'unauthorized');
    problem(
      await knock(`/v1/events/${eventId}/evidence?app_id=${app.app_id}`),
      401,
      'unauthorized',
    );
    problem(await knock('/v1/ledger'), 401, 'unauthorized');
    const own = await knock('/v1/ledger', auditor);
    assert.equal(own.headers['access-control-allow-origin'], undefined);
    problem(await knock(`/v1/ledgers/${app.app_id}?app_id=app_default`), 400, 'invalid_request');
  });

  test('that is open is all that a client of transparency logs needs', async () => {
    const prefix = `/v1/ledgers/${app.app_id}`;
    const fetchBytes: Fetch = async (path) => (await knock(`${prefix}/${path}`)).bytes;
    const { vkey } = (await knock(prefix)).body as { vkey: string };
    const { size, root } = openNoteByHand((await knock(`${prefix}/checkpoint`)).text, vkey);
    assert.equal((await rootFromTiles(fetchBytes, size)).toString('base64'), root);
    const entries = await entriesFromBundles(fetchBytes, size);
    assert.equal(rootFromEntries(entries).toString('base64'), root);
    const { headers } = await knock(`${prefix}/tile/0/000`);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
  });

  test('is opened and closed on the record, by who administers the app', async () => {
    problem(
      await server.request('PATCH', `/v1/apps/${app.app_id}`, {
        key: auditor,
        body: { ledger_public: true },
      }),
      403,
      'forbidden',
    );
    await open(false, server.adminKey);
    for (const path of pathsOf(app.app_id)) problem(await knock(path), 401, 'unauthorized');
    assert.equal((await knock(`/v1/ledgers/${app.app_id}`, auditor)).status, 200);
    const changes = await find(server, app.key, { event_type: 'app.updated' });
    assert.deepEqual(
      changes.map(({ args }) => args),
      [true, false].map((ledger_public) => ({ app_id: app.app_id, ledger_public })),
    );
  });

  test('of the default app is at the shortest path, when it is open', async () => {
    const path = '/v1/apps/default';
    await ask(server, 200, 'PATCH', path, { body: { ledger_public: true, name: 'main' } });
    assert.equal((await knock('/v1/ledger')).body.app_id, 'app_default');
    assert.equal((await knock('/v1/ledger/checkpoint')).status, 200);
    problem(await knock('/v1/ledger', 'wrong key'), 401, 'unauthorized');
    assert.equal((await knock('/v1/ledger', auditor)).body.app_id, app.app_id);
    const { data } = await ask<{ data: object[] }>(server, 200, 'GET', '/v1/apps');
    const [own] = data as { name: string; ledger_public: boolean }[];
    assert.deepEqual([own?.name, own?.ledger_public], ['main', true]);
    problem(await server.request('PATCH', path, { body: {} }), 400, 'invalid_request');
    problem(
      await server.request('PATCH', '/v1/apps/app_none', { body: { name: 'x' } }),
      404,
      'not_found',
    );
  });
});
