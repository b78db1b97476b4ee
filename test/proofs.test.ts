import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { verifyConsistency, verifyInclusion } from '@affidavit/ledger';

import {
  entriesFromBundles,
  rootFromEntries,
  rootFromTiles,
  type Fetch,
} from '@affidavit/server/testing/c2sp-client';
import { openNoteByHand } from './support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { ledgerSize, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** The ledger as an auditor's tools read it: with a key that can read the ledger and nothing else. */

interface Ledger {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly keys: readonly { readonly vkey: string; readonly from_size: number }[];
}

let server: Affidavit;
let app: AppUnderTest;
/** Has `ledger:read` alone. */
let auditor: string;
/** Checkpoints by the size that they sign. */
const checkpoints = new Map<number, string>();

const SIZES = [255, 256, 257, 511, 512, 513, 1025];

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'proofs');
  auditor = (await makeKey(server, app, { scopes: ['ledger:read'] })).key;
  for (const size of SIZES) {
    const count = size - (await ledgerSize(server, auditor));
    const events = Array.from({ length: count }, () => newEvent());
    const written = await server.request('POST', '/v1/events', { key: app.key, body: { events } });
    assert.equal(written.status, 201, written.text);
    checkpoints.set(size, (await get('checkpoint')).text);
  }
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const get = <T = Record<string, unknown>>(path: string, headers = {}) =>
  server.request<T>('GET', `/v1/ledger/${path}`, { key: auditor, headers });

const fetchBytes: Fetch = async (path) => {
  const answer = await get(path);
  if (answer.status === 404) return null;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['content-type'], 'application/octet-stream');
  return answer.bytes;
};

const ledger = async () => {
  const { body } = await server.request<Ledger>('GET', '/v1/ledger', { key: auditor });
  return body;
};

suite('a C2SP client', () => {
  for (const size of SIZES) {
    test(`rebuilds the root of ${size} entries from tiles and from bundles alone`, async () => {
      const { vkey } = await ledger();
      const signed = openNoteByHand(checkpoints.get(size) as string, vkey);
      assert.equal(signed.size, size);
      assert.equal((await rootFromTiles(fetchBytes, size)).toString('base64'), signed.root);
      const entries = await entriesFromBundles(fetchBytes, size);
      assert.equal(rootFromEntries(entries).toString('base64'), signed.root);
    });
  }

  test('finds no tile that is empty, not there yet, or written in another way', async () => {
    const size = SIZES.at(-1) as number;
    assert.equal(size, await ledgerSize(server, auditor), 'reading leaves no entry');
    const absent = [
      '0/004 0/005 0/004.p/2 1/001.p/1 1/000 1/000.p/5 2/000.p/1 63/000 64/000 00/000 0/0',
      '0/x000/000 0/000.p/0 0/000.p/256 0/000.p/01 0/000.p 0/000.p/ 0/-01 0/x/000 0/000/ 0',
      'entries entries/004 entries/004.p/2 entries/000.p/0 Entries/000 ../checkpoint',
      `0/x999/x999/x999/x999/x999/999 0/%30%30%30.p 0/${'x001/'.repeat(70)}001`,
    ];
    for (const path of ['', ...absent.join(' ').split(' ')])
      problem(await get(`tile/${path}`), 404, 'not_found');
    assert.equal((await get('tile/0/003')).bytes.length, 8192);
    assert.equal((await get('tile/0/004.p/1')).bytes.length, 32);
    assert.equal((await get('tile/1/000.p/4')).bytes.length, 128);
  });

  test('may keep tiles for ever, for itself, and a checkpoint not at all', async () => {
    for (const path of ['tile/0/000', 'tile/0/001.p/7', 'tile/entries/000']) {
      const { headers } = await get(path);
      assert.equal(headers['cache-control'], 'private, max-age=31536000, immutable');
      assert.match(String(headers.vary), /authorization/);
    }
    const checkpoint = await get('checkpoint');
    assert.equal(checkpoint.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(checkpoint.headers['cache-control'], 'no-store');
    assert.equal((await get('tile/0/009')).headers['cache-control'], 'no-store');
  });

  test('gets bundles compressed only where it says that it can read them', async () => {
    const plain = await get('tile/entries/000');
    assert.equal(plain.headers['content-encoding'], undefined);
    for (const coding of ['gzip', 'br;q=1, GZIP;q=0.5']) {
      const packed = await get('tile/entries/000', { 'accept-encoding': coding });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
    }
    for (const coding of ['identity', 'gzip;q=0', 'br, x-gzip']) {
      const { headers, bytes } = await get('tile/entries/000', { 'accept-encoding': coding });
      assert.equal(headers['content-encoding'], undefined);
      assert.deepEqual(bytes, plain.bytes);
    }
    const tile = await get('tile/0/000', { 'accept-encoding': 'gzip' });
    assert.equal(tile.headers['content-encoding'], undefined);
  });
});

suite('a proof', () => {
  const header = async (seq: number) => {
    const bundle = await entriesFromBundles(fetchBytes, SIZES.at(-1) as number);
    return (bundle[seq] as Buffer).toString('utf8');
  };

  test('of inclusion verifies offline, by place and by id', async () => {
    const { vkey } = await ledger();
    for (const seq of [0, 254, 255, 256, 700, 1024]) {
      const text = await header(seq);
      const { event_id } = JSON.parse(text) as { event_id: string };
      const byId = await get(`proof/inclusion?event_id=${event_id}`);
      assert.equal(byId.status, 200, byId.text);
      assert.equal(byId.headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal((await get(`proof/inclusion?seq=${seq}`)).text, byId.text);
      assert.match(byId.text, new RegExp(`^c2sp\\.org/tlog-proof@v1\nindex ${seq}\n`));
      const proved = await verifyInclusion(text, byId.text, { verifiers: [vkey] });
      assert.equal(proved.header.event_id, event_id);
    }
  });

  test('of inclusion is asked for in one way', async () => {
    for (const query of ['', '?event_id=a&seq=1', '?seq=-1', '?seq=01', '?seq=1.5', '?seq=']) {
      problem(await get(`proof/inclusion${query}`), 400, 'invalid_request');
    }
    problem(await get('proof/inclusion?seq=1025'), 404, 'not_found');
    const unknown = problem(await get('proof/inclusion?event_id=evt_none'), 404, 'not_found');
    assert.equal(unknown.field, 'event_id');
    problem(await get('proof/inclusion?seq=1&size=7'), 400, 'invalid_request');
  });

  test('of consistency joins every two checkpoints that were given out', async () => {
    const { vkey } = await ledger();
    for (const [older, olderNote] of checkpoints) {
      for (const [newer, newerNote] of checkpoints) {
        if (older > newer) continue;
        const { body } = await get<{ hashes: string[] }>(
          `proof/consistency?old=${older}&new=${newer}`,
        );
        await verifyConsistency(olderNote, newerNote, body.hashes, { verifiers: [vkey] });
      }
    }
    assert.deepEqual((await get('proof/consistency?old=0&new=300')).body, { hashes: [] });
    assert.deepEqual((await get('proof/consistency?old=9&new=9')).body, { hashes: [] });
  });

  test('of consistency is refused where there is none, with the field at fault', async () => {
    const refused = async (query: string, field: string) =>
      assert.equal(
        problem(await get(`proof/consistency?${query}`), 400, 'invalid_request').field,
        field,
      );
    await refused('old=10&new=9', 'old');
    await refused('old=10&new=1026', 'new');
    await refused('old=10', 'new');
    await refused('new=10', 'old');
    await refused('old=ten&new=10', 'old');
    await refused('old=1&old=2&new=10', 'old');
    await refused('old=1&new=99999999999999999999', 'new');
  });
});

test('the ledger names its keys, with where each begins to sign', async () => {
  const { vkey, origin, keys, size, checkpoint } = await ledger();
  assert.deepEqual(keys, [{ vkey, from_size: 0, to_size: null }]);
  assert.equal(openNoteByHand(checkpoint, vkey).origin, origin);
  assert.equal(size, SIZES.at(-1));
});
