import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import {
  APP,
  append,
  caller,
  callerNames,
  concat,
  entriesFrom,
  entryAt,
  headAfter,
  rowOf,
  same,
  soon,
  type OpenedStore,
} from './contract.fixture.ts';
import { StoreFailure } from './port.ts';

export function entryTests(given: () => OpenedStore): void {
  test('a log that nobody has written has no head and no key', async () => {
    const { store } = given();
    const [head, keys] = await store.transact(soon(), async (tx) => [
      await tx.lockHead(APP),
      await tx.signingKeys(APP),
    ]);
    assert.equal(head, null);
    assert.deepEqual(keys, []);
  });

  test('what is appended comes back byte for byte, also beside the writer', async () => {
    const { store, read } = given();
    const entries = entriesFrom(0, 5);
    const head = await append(store, entries);
    same(await store.transact(soon(), (tx) => tx.lockHead(APP)), head);
    const rows = await read.selectFrom('entries').selectAll().orderBy('seq').execute();
    const parts = await read
      .selectFrom('parts')
      .selectAll()
      .orderBy('seq')
      .orderBy('part')
      .execute();
    same(
      rows,
      entries.map((entry) => ({ app: APP, ...rowOf(entry) })),
    );
    same(
      parts,
      entries.flatMap(({ seq, parts: own }) => own.map((part) => ({ app: APP, seq, ...part }))),
    );
  });

  test('a new head replaces the old one', async () => {
    const { store, read } = given();
    await append(store, entriesFrom(0, 2));
    const head = await append(store, entriesFrom(2, 3));
    same(await read.selectFrom('heads').selectAll().execute(), [head]);
  });

  test('entries are found by id, in their own app alone', async () => {
    const { store } = given();
    const entries = entriesFrom(0, 4);
    await append(store, entries);
    const find = (app: number, ids: string[]) =>
      store.transact(soon(), (tx) => tx.findEntries(app, ids));
    const known = entries.map((entry) => {
      const { header, ...row } = rowOf(entry);
      assert.ok(header);
      return row;
    });
    const found = await find(APP, ['evt_3', 'evt_none', 'evt_1']);
    same(
      found.toSorted((a, b) => a.seq - b.seq),
      [known[1], known[3]],
    );
    assert.deepEqual(await find(APP + 1, ['evt_1']), []);
    assert.deepEqual(await find(APP, []), []);
  });

  test('leaves and tile roots come back in order, back to back; a gap is damage', async () => {
    const { store } = given();
    const entries = entriesFrom(0, 6);
    const tiles = [0, 1, 2].map((tile) => ({
      level: 0,
      tile,
      hashes: new Uint8Array(randomBytes(256 * 32)),
      root: new Uint8Array(randomBytes(32)),
    }));
    await append(store, entries, tiles);
    const leaves = await store.transact(soon(), (tx) => tx.readLeaves(APP, 2, 5));
    same(leaves, concat(entries.slice(2, 5).map((entry) => entry.leaf_hash)));
    const roots = await store.transact(soon(), (tx) => tx.readTileRoots(APP, 0, 1, 3));
    same(roots, concat(tiles.slice(1).map((tile) => tile.root)));
    const damaged = (error: unknown) => error instanceof StoreFailure && error.reason === 'damaged';
    await assert.rejects(
      store.transact(soon(), (tx) => tx.readLeaves(APP, 4, 7)),
      damaged,
    );
    await assert.rejects(
      store.transact(soon(), (tx) => tx.readTileRoots(APP, 1, 0, 1)),
      damaged,
    );
  });

  test('keys that sign are those with a private half, the newest first', async () => {
    const { store } = given();
    const key = (from_size: number, sealed_private_key = 'sealed') => ({
      app: APP,
      from_size,
      origin: 'ledger.example/app',
      verifier_key: `key ${from_size}`,
      public_key: new Uint8Array(32).fill(from_size),
      sealed_private_key,
      created_at: 1,
      retires_at: null,
      to_size: null,
      change: null,
      change_checkpoint: null,
    });
    const found = await store.transact(soon(), async (tx) => {
      await tx.lockHead(APP);
      const effects = [key(0, ''), key(9), key(4)].map((row) => ({
        op: 'insert' as const,
        table: 'signing_keys' as const,
        row,
      }));
      assert.ok(await tx.applyEffects(effects));
      return tx.signingKeys(APP);
    });
    same(found, [key(9), key(4)]);
  });

  test('a position or an id is never given twice', async () => {
    const { store, read } = given();
    await append(store, entriesFrom(0, 2));
    await assert.rejects(append(store, [entryAt(1, 'evt_other')]));
    await assert.rejects(append(store, [entryAt(2, 'evt_0')]));
    await append(store, [entryAt(2)]);
    assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 3);
  });

  test('everything is there after opening anew', async () => {
    const { store, reopen } = given();
    const entries = entriesFrom(0, 3);
    const head = await append(store, entries);
    await store.transact(soon(), (tx) => tx.applyEffects([caller('worker')]));
    await store.close();
    const again = await reopen();
    try {
      same(await again.transact(soon(), (tx) => tx.lockHead(APP)), head);
      same(
        await again.transact(soon(), (tx) => tx.readLeaves(APP, 0, 3)),
        concat(entries.map((entry) => entry.leaf_hash)),
      );
      assert.deepEqual(await callerNames(again.db), ['worker']);
    } finally {
      await again.close();
    }
  });
}

export function atomicityTests(given: () => OpenedStore): void {
  test('what throws leaves nothing behind, and the store goes on', async () => {
    const { store, read } = given();
    const fault = new Error('changed my mind');
    await assert.rejects(
      store.transact(soon(), async (tx) => {
        const entries = entriesFrom(0, 3);
        await tx.applyEffects([caller('ghost')]);
        await tx.append(APP, entries, [], headAfter(entries));
        throw fault;
      }),
      (error) => error === fault,
    );
    assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 0);
    assert.equal((await read.selectFrom('parts').select('seq').execute()).length, 0);
    assert.equal((await read.selectFrom('heads').select('size').execute()).length, 0);
    assert.deepEqual(await callerNames(read), []);
    await append(store, entriesFrom(0, 1));
  });

  test('nothing can be seen before it is committed', async () => {
    const { store, read } = given();
    await store.transact(soon(), async (tx) => {
      const entries = entriesFrom(0, 3);
      await tx.append(APP, entries, [], headAfter(entries));
      assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 0);
    });
    assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 3);
  });

  test('the value of the work is the value of the transaction', async () => {
    assert.equal(await given().store.transact(soon(), async () => 42), 42);
  });

  test('derived rows are all written or none, apart from the ledger', async () => {
    const { store, read } = given();
    const value = (value: string) => ({ app: APP, field: 'provider', value });
    await store.derive(soon(), async (db) => {
      await db.insertInto('facet_values').values(value('crm')).execute();
    });
    await assert.rejects(
      store.derive(soon(), async (db) => {
        await db.insertInto('facet_values').values(value('mail')).execute();
        throw new Error('no');
      }),
      { message: 'no' },
    );
    same(await read.selectFrom('facet_values').selectAll().execute(), [value('crm')]);
    assert.equal((await read.selectFrom('heads').select('size').execute()).length, 0);
  });
}
