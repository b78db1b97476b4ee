import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { verifyCheckpoint } from '@affidavit/ledger';

import { assertUnderCheckpoint, naiveRoot, openNoteByHand } from './support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { readAll, write, type Written } from './support/trail.ts';
import { newEvent } from './support/writers.ts';

/** Every checkpoint that is given out is true of the entries up to its size. */

interface Ledger {
  readonly app_id: string;
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
}

let server: Affidavit;
before(async () => {
  server = await startAffidavit({ env: { AFFIDAVIT_ORIGIN: 'audit.example.com' } });
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const ledgerOf = async (query = '') =>
  (await server.request<Ledger>('GET', `/v1/ledger${query}`)).body;

suite('checkpoints', () => {
  test('each acknowledgement carries one that covers its entries and signs their root', async () => {
    const { vkey, origin } = await ledgerOf();
    const given: Written[] = [];
    // Over the first tile of 256 one by one, and over the next ones in steps of all widths.
    for (let i = 0; i < 260; i++) given.push(await write(server, newEvent()));
    for (const count of [1, 2, 3, 100, 150, 255, 256, 257, 511, 512, 513]) {
      const events = Array.from({ length: count }, () => newEvent());
      given.push(await write(server, { events }));
    }
    const entries = await readAll(server);
    const leaves = entries.map((entry) => Buffer.from(entry.leaf_hash, 'hex'));
    for (const { checkpoint, events } of given) {
      const { size, root, ...said } = openNoteByHand(checkpoint, vkey);
      assert.equal(said.origin, origin);
      assert.ok(size > Number(events.at(-1)?.seq));
      assert.equal(root, naiveRoot(leaves.slice(0, size)).toString('base64'));
    }
    await assertUnderCheckpoint(server, entries);
  });

  test('the newest one is served as text, and is the one of the ledger', async () => {
    const { status, text, headers } = await server.request('GET', '/v1/ledger/checkpoint');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain/);
    assert.equal(text, (await ledgerOf()).checkpoint);
    assert.match(
      text,
      /^audit\.example\.com\/\S+\n\d+\n[A-Za-z0-9+/]{43}=\n\n\u2014 audit\.example/,
    );
  });

  test('one changed byte is found by both implementations', async () => {
    const { checkpoint, vkey, size } = await ledgerOf();
    const forged = checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`);
    assert.throws(() => openNoteByHand(forged, vkey));
    await assert.rejects(verifyCheckpoint(forged, { verifiers: [vkey] }));
  });

  test('each app has a log and a key of its own', async () => {
    const { body } = await server.request('POST', '/v1/apps', { body: { name: 'second' } });
    const app_id = String(body.app_id);
    const own = await ledgerOf();
    const other = await ledgerOf(`?app_id=${app_id}`);
    assert.equal(other.app_id, app_id);
    assert.notEqual(other.origin, own.origin);
    assert.notEqual(other.vkey.split('+')[2], own.vkey.split('+')[2]);
    const written = await write(server, { app_id, events: [newEvent()] });
    assert.equal(written.events[0]?.seq, other.size);
    const note = openNoteByHand(written.checkpoint, other.vkey);
    assert.equal(note.size, other.size + 1);
    assert.throws(() => openNoteByHand(written.checkpoint, own.vkey));
    await assert.rejects(verifyCheckpoint(written.checkpoint, { verifiers: [own.vkey] }));
  });
});
