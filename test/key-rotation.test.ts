import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';

import { followKeys, verifyCheckpoint, verifyInclusion, type ListedKey } from '@affidavit/ledger';

import { onPostgres } from './support/database.ts';
import { openNoteByHand } from './support/naive-ledger.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { eventually } from './support/trail.ts';
import { ask, find, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { newEvent, startWriters } from './support/writers.ts';

/** The key of a log is replaced, and nobody who knew an earlier one is left behind. */

interface Key extends ListedKey {
  readonly from_size: number;
  readonly to_size: number | null;
  readonly retires_at?: string;
}

interface Ledger {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly keys: readonly Key[];
}

interface Rotated {
  readonly vkey: string;
  readonly replaces: string;
  readonly from_size: number;
  readonly retires_at: string;
  readonly event_id: string;
  readonly checkpoint: string;
}

const dataFolder = temporaryFolder();
let server: Affidavit;
before(async () => {
  server = await startAffidavit({ dataFolder });
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

/** An app of its own, with a key that can read the ledger and nothing else. */
async function newLog(name: string): Promise<AppUnderTest & { readonly auditor: string }> {
  const app = await makeApp(server, name);
  const { key } = await makeKey(server, app, { scopes: ['ledger:read'] });
  return { ...app, auditor: key };
}

const ledgerOf = (key: string) => ask<Ledger>(server, 200, 'GET', '/v1/ledger', { key });
const keysOf = async (key: string) =>
  (await ask<{ data: Key[] }>(server, 200, 'GET', '/v1/ledger/keys', { key })).data;
const rotate = (key: string, body: object = {}) =>
  ask<Rotated>(server, 201, 'POST', '/v1/ledger/keys/rotate', { key, body });
const writeOne = (key: string) =>
  ask<{ checkpoint: string }>(server, 201, 'POST', '/v1/events', { key, body: newEvent() });

const signs = async (checkpoint: string, vkey: string) =>
  verifyCheckpoint(checkpoint, { verifiers: [vkey] }).then(
    () => true,
    () => false,
  );

suite('a rotation', () => {
  test('is on the record, with why, and both keys sign for it', async () => {
    const app = await newLog('recorded');
    const before = await ledgerOf(app.auditor);
    const rotated = await rotate(app.key, { reason: 'the yearly change' });
    assert.equal(rotated.replaces, before.vkey);
    const [entry] = await find(server, app.key, { event_type: 'signing_key.rotated' });
    assert.equal(entry?.event_id, rotated.event_id);
    assert.equal(entry?.seq, rotated.from_size - 1);
    assert.deepEqual(
      [entry?.category, entry?.source, entry?.actor_id, entry?.reason],
      ['admin', 'observed', app.key_id, 'the yearly change'],
    );
    const said = entry?.args as Record<string, string>;
    assert.deepEqual([said.vkey, said.replaces], [rotated.vkey, before.vkey]);
    for (const vkey of [before.vkey, rotated.vkey]) {
      assert.equal(openNoteByHand(rotated.checkpoint, vkey).origin, before.origin);
    }
    const now = await ledgerOf(app.auditor);
    assert.equal(now.origin, before.origin);
    assert.equal(now.vkey, rotated.vkey);
    assert.deepEqual(now.keys, [
      { vkey: before.vkey, from_size: 0, to_size: null },
      { vkey: rotated.vkey, from_size: rotated.from_size, to_size: null },
    ]);
    const week = Date.parse(rotated.retires_at) - Date.parse(String(entry?.created_at));
    assert.ok(Math.abs(week - 7 * 86_400_000) < 60_000);
  });

  test('leaves receipts from before it as they were', async () => {
    const app = await newLog('receipts');
    const { vkey } = await ledgerOf(app.auditor);
    const { body: written } = await server.request<{ events: { seq: number }[] }>(
      'POST',
      '/v1/events',
      { key: app.key, body: { events: Array.from({ length: 300 }, () => newEvent()) } },
    );
    const seq = written.events[7]?.seq as number;
    const get = (path: string) => server.request('GET', path, { key: app.auditor });
    const proof = (await get(`/v1/ledger/proof/inclusion?seq=${seq}`)).text;
    const bundle = (await get('/v1/ledger/tile/entries/000')).bytes;
    const header = entryAt(bundle, seq);
    await rotate(app.key, { overlap_seconds: 0 });
    await verifyInclusion(header, proof, { verifiers: [vkey] });
    const fresh = (await get(`/v1/ledger/proof/inclusion?seq=${seq}`)).text;
    const now = await ledgerOf(app.auditor);
    await verifyInclusion(header, fresh, { verifiers: [now.vkey] });
    await assert.rejects(verifyInclusion(header, fresh, { verifiers: [vkey] }));
  });

  test('without an overlap ends the old key at once, and its private half', async () => {
    const app = await newLog('at once');
    const { vkey } = await ledgerOf(app.auditor);
    const rotated = await rotate(app.key, { overlap_seconds: 0 });
    assert.ok(await signs(rotated.checkpoint, vkey));
    await assertSound(app.auditor);
    const [entry] = await find(server, app.key, { event_type: 'signing_key.retired' });
    assert.deepEqual([entry?.actor_type, entry?.args], ['system', { vkey }]);
    const { checkpoint } = await writeOne(app.key);
    assert.deepEqual(
      [await signs(checkpoint, vkey), await signs(checkpoint, rotated.vkey)],
      [false, true],
    );
    const { keys } = await ledgerOf(app.auditor);
    assert.deepEqual(keys[0], { vkey, from_size: 0, to_size: entry?.seq });
    if (onPostgres) return;
    const db = new DatabaseSync(join(dataFolder, 'affidavit.db'), { readOnly: true });
    const row = db.prepare('SELECT * FROM signing_keys WHERE verifier_key = ?').get(vkey);
    db.close();
    assert.equal(row?.sealed_private_key, '');
  });

  test('needs an admin key, and is refused while four keys sign', async () => {
    const app = await newLog('refused');
    const path = '/v1/ledger/keys/rotate';
    problem(await server.request('POST', path, { key: app.auditor }), 403, 'forbidden');
    const body = { overlap_seconds: 91 * 86_400 };
    problem(await server.request('POST', path, { key: app.key, body }), 400, 'invalid_request');
    for (let i = 0; i < 3; i++) await rotate(app.key, { overlap_seconds: 600 });
    problem(await server.request('POST', path, { key: app.key }), 409, 'conflict');
    const { checkpoint, keys } = await ledgerOf(app.auditor);
    for (const { vkey } of keys) assert.ok(await signs(checkpoint, vkey));
  });
});

/** An entry of a bundle: each has its length before it, 16 bits. */
function entryAt(bundle: Buffer, index: number): string {
  let at = 0;
  for (let i = 0; i < index; i++) at += 2 + bundle.readUInt16BE(at);
  return bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)).toString('utf8');
}

/** The server's own check: heads are signed by the keys in force. */
async function assertSound(key: string): Promise<void> {
  const path = '/v1/ledger/verify';
  const { ok, broken } = await ask<{ ok: boolean; broken: unknown[] }>(server, 200, 'GET', path, {
    key,
  });
  assert.deepEqual([ok, broken], [true, []]);
}

suite('a client that is pinned to a key', () => {
  test('follows to the current one from each that ever was, at any later time', async () => {
    const app = await newLog('pinned');
    const pins = [(await ledgerOf(app.auditor)).vkey];
    for (let i = 0; i < 3; i++) {
      await writeOne(app.key);
      pins.push((await rotate(app.key, { overlap_seconds: 0 })).vkey);
      await writeOne(app.key);
    }
    const keys = await keysOf(app.auditor);
    assert.deepEqual(
      keys.map(({ vkey }) => vkey),
      pins,
    );
    const { vkey, checkpoint } = await ledgerOf(app.auditor);
    for (const [index, pinned] of pins.entries()) {
      const changes = await followKeys(keys, pinned);
      assert.equal(changes.length, 3 - index);
      assert.equal(changes.at(-1)?.vkey ?? pinned, vkey);
      for (const [i, { seq }] of changes.entries()) {
        assert.equal(keys[index + 1 + i]?.from_size, seq + 1);
      }
    }
    assert.ok(await signs(checkpoint, vkey));
    const first = await ask<{ data: Key[]; next_cursor: string }>(
      server,
      200,
      'GET',
      '/v1/ledger/keys?limit=3',
      { key: app.auditor },
    );
    const rest = `/v1/ledger/keys?limit=3&cursor=${first.next_cursor}`;
    const last = await ask<{ data: Key[]; has_more: boolean }>(server, 200, 'GET', rest, {
      key: app.auditor,
    });
    assert.deepEqual([...first.data, ...last.data], keys);
    assert.equal(last.has_more, false);
  });

  test('follows still when what the entry held was erased, and the server finds all sound', async () => {
    const app = await newLog('erased');
    const { vkey } = await ledgerOf(app.auditor);
    const { event_id } = await rotate(app.key, { reason: 'an email of alice' });
    await assertSound(app.auditor);
    const body = { event_ids: [event_id], reason: 'alice asked for it' };
    await ask(server, 201, 'POST', '/v1/erasures', { key: app.key, body });
    const gone = await server.request('GET', `/v1/events/${event_id}`, { key: app.key });
    problem(gone, 410, 'gone');
    const third = await rotate(app.key, { overlap_seconds: 0 });
    const changes = await followKeys(await keysOf(app.auditor), vkey);
    assert.equal(changes.at(-1)?.vkey, third.vkey);
    await assertSound(app.auditor);
  });

  test('is not led to another key by a list that was changed', async () => {
    const app = await newLog('misled');
    const { vkey } = await ledgerOf(app.auditor);
    await rotate(app.key);
    const [, listed] = (await keysOf(app.auditor)) as [Key, Key];
    const stranger = (await ledgerOf((await newLog('stranger')).auditor)).vkey;
    const change = listed.change as { parts: { canonical: string }[] };
    const canonical = change.parts[0]?.canonical.replace(listed.vkey, stranger);
    const parts = [{ ...change.parts[0], canonical }];
    const forged = [{ vkey }, { vkey: stranger, change: { ...change, parts } }];
    await assert.rejects(followKeys(forged, vkey), { code: 'proof_failed' });
  });

  test('shows an auditor the keys and nothing of who changed them, or why', async () => {
    const app = await newLog('discreet');
    await rotate(app.key, { reason: 'somebody left' });
    const { text } = await server.request('GET', '/v1/ledger/keys', { key: app.auditor });
    for (const hidden of ['somebody left', app.key_id, '127.0.0.1', 'sealed', 'v1.']) {
      assert.ok(!text.includes(hidden), hidden);
    }
  });
});

test('under load every checkpoint is signed by the keys of its range', async () => {
  const { vkey } = await ledgerOf(server.adminKey);
  const load = startWriters(server, { writers: 8, batch: 20, requests: 40 });
  await eventually('some are written', () => load.acknowledged.size > 50);
  const second = await rotate(server.adminKey, { overlap_seconds: 0 });
  const third = await rotate(server.adminKey, { overlap_seconds: 600 });
  await load.done;
  assert.deepEqual([load.refused, load.broken], [[], []]);
  const { keys, checkpoint } = await ledgerOf(server.adminKey);
  assert.deepEqual(
    keys.map((key) => key.vkey),
    [vkey, second.vkey, third.vkey],
  );
  assert.deepEqual(
    [await signs(checkpoint, vkey), await signs(checkpoint, second.vkey)],
    [false, true],
  );
  openNoteByHand(checkpoint, third.vkey);
});

test('a new master key is taken up by the keys that sign, and not missed by those retired', async () => {
  const folder = temporaryFolder();
  const [one, other] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'));
  const first = await startAffidavit({ dataFolder: folder, env: { AFFIDAVIT_MASTER_KEY: one } });
  const path = '/v1/ledger/keys/rotate';
  await ask(first, 201, 'POST', path, { body: { overlap_seconds: 0 } });
  await ask(first, 201, 'POST', path, { body: { overlap_seconds: 600 } });
  assert.equal(await first.stop(), 0);
  for (const AFFIDAVIT_MASTER_KEY of [`${other},${one}`, other]) {
    const next = await startAffidavit({ dataFolder: folder, env: { AFFIDAVIT_MASTER_KEY } });
    await ask(next, 201, 'POST', '/v1/events', { body: newEvent() });
    const { checkpoint, keys } = await ask<Ledger>(next, 200, 'GET', '/v1/ledger');
    const signing = await Promise.all(keys.map((key) => signs(checkpoint, key.vkey)));
    assert.deepEqual(signing, [false, true, true]);
    assert.equal(await next.stop(), 0);
  }
});
