import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  APP,
  append,
  caller,
  callerNames,
  entriesFrom,
  headAfter,
  same,
  soon,
  type OpenedStore,
} from './contract.fixture.ts';
import { StoreFailure, type Effect, type LedgerStore } from './port.ts';

const LOCKED_MS = 200;

export function effectTests(given: () => OpenedStore): void {
  const where = (name: string) => ({ app: APP, name });
  const describing = (name: string, description: string, any?: true): Effect => ({
    op: 'update',
    table: 'callers',
    where: where(name),
    set: { description },
    ...(any ? { any } : {}),
  });
  const removing = (name: string, any?: true): Effect => ({
    op: 'delete',
    table: 'callers',
    where: where(name),
    ...(any ? { any } : {}),
  });

  test('inserts, updates and deletes', async () => {
    const { store, read } = given();
    await store.transact(soon(), async (tx) => {
      assert.equal(await tx.applyEffects([caller('a'), caller('b'), caller('c')]), true);
      assert.equal(await tx.applyEffects([describing('a', 'first'), removing('b')]), true);
    });
    const rows = await read.selectFrom('callers').select(['name', 'description']).execute();
    same(
      rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: 'a', description: 'first' },
        { name: 'c', description: null },
      ],
    );
  });

  const conflicts: readonly (readonly [string, Effect])[] = [
    ['an insert that meets its key', caller('taken')],
    ['an update of nothing', describing('nobody', 'x')],
    ['a delete of nothing', removing('nobody')],
    [
      'an update of more than one row',
      { op: 'update', table: 'callers', where: { app: APP }, set: { description: 'all' } },
    ],
  ];
  for (const [title, conflict] of conflicts) {
    test(`${title} refuses its own submission alone`, async () => {
      const { store, read } = given();
      await store.transact(soon(), (tx) => tx.applyEffects([caller('taken'), caller('other')]));
      await store.transact(soon(), async (tx) => {
        assert.equal(await tx.applyEffects([caller('before')]), true);
        assert.equal(await tx.applyEffects([caller('undone'), conflict, caller('never')]), false);
        assert.equal(await tx.applyEffects([caller('after')]), true);
        const entries = entriesFrom(0, 1);
        await tx.append(APP, entries, [], headAfter(entries));
      });
      assert.deepEqual(await callerNames(read), ['after', 'before', 'other', 'taken']);
      assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 1);
    });
  }

  test('with `any`, nothing or many rows are no conflict', async () => {
    const { store, read } = given();
    await store.transact(soon(), async (tx) => {
      assert.equal(await tx.applyEffects([caller('a'), caller('b')]), true);
      assert.equal(
        await tx.applyEffects([describing('nobody', 'x', true), removing('nobody', true)]),
        true,
      );
      const all: Effect = { op: 'delete', table: 'callers', where: { app: APP }, any: true };
      assert.equal(await tx.applyEffects([all]), true);
    });
    assert.deepEqual(await callerNames(read), []);
  });
}

/** Holds the head of the log locked, as another process would; resolves when it is held. */
async function holdLock(store: LedgerStore): Promise<{ release: () => Promise<void> }> {
  const held = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const done = store.transact(soon(), async (tx) => {
    await tx.lockHead(APP);
    held.resolve();
    await gate.promise;
  });
  await Promise.race([held.promise, done]);
  return {
    release: async () => {
      gate.resolve();
      await done;
    },
  };
}

export function lockTests(given: () => OpenedStore): void {
  const isLocked = (error: unknown) =>
    error instanceof StoreFailure && error.reason === 'locked' && error.committed === 'no';

  test('a lock that is held by another ends the wait at the deadline, and only the wait', async () => {
    const { store, reopen, read } = given();
    const other = await reopen();
    try {
      const lock = await holdLock(other);
      const write = store.transact(Date.now() + LOCKED_MS, async (tx) => {
        await tx.lockHead(APP);
        const entries = entriesFrom(0, 1);
        await tx.append(APP, entries, [], headAfter(entries));
      });
      await assert.rejects(write, isLocked);
      assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 0);
      await lock.release();
      await append(store, entriesFrom(0, 1));
      assert.equal((await read.selectFrom('entries').select('seq').execute()).length, 1);
    } finally {
      await other.close();
    }
  });

  test('a lock that is released in time is waited for', async () => {
    const { store, reopen } = given();
    const other = await reopen();
    try {
      const lock = await holdLock(other);
      const write = append(store, entriesFrom(0, 1));
      setTimeout(() => void lock.release(), 50);
      assert.equal((await write).size, 1);
    } finally {
      await other.close();
    }
  });

  test('a deadline that has passed still tries once', async () => {
    const { store } = given();
    assert.equal(await store.transact(Date.now() - 1, async () => 'done'), 'done');
  });

  test('two writers in turn see the head of the other', async () => {
    const { store, reopen } = given();
    const other = await reopen();
    try {
      const head = await append(store, entriesFrom(0, 2));
      same(await other.transact(soon(), (tx) => tx.lockHead(APP)), head);
      const next = await append(other, entriesFrom(2, 2));
      same(await store.transact(soon(), (tx) => tx.lockHead(APP)), next);
    } finally {
      await other.close();
    }
  });
}
