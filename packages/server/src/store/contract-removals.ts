import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  APP,
  append,
  caller,
  callerNames,
  entriesFrom,
  headAfter,
  soon,
  type OpenedStore,
} from './contract.fixture.ts';
import type { Effect, SeqRange } from './port.ts';

const ENTRIES = 6;
/** What every entry of the fixture has. */
const PARTS = ['args', 'envelope'];

export function removalTests(given: () => OpenedStore): void {
  const removing = (
    ranges: readonly SeqRange[],
    rows: number,
    parts?: readonly string[],
  ): Effect => ({
    op: 'remove',
    table: 'parts',
    app: APP,
    ranges,
    rows,
    ...(parts ? { parts } : {}),
  });
  const apply = (effects: readonly Effect[]) =>
    given().store.transact(soon(), (tx) => tx.applyEffects(effects));
  const left = async () => {
    const rows = await given()
      .read.selectFrom('parts')
      .select(['seq', 'part'])
      .orderBy('seq')
      .orderBy('part')
      .execute();
    return rows.map(({ seq, part }) => `${seq} ${part}`);
  };
  const all = (seqs: readonly number[], parts: readonly string[] = PARTS) =>
    seqs.flatMap((seq) => parts.map((part) => `${seq} ${part}`));

  test('takes the parts of ranges away, and nothing else of the entries', async () => {
    const { store, read } = given();
    await append(store, entriesFrom(0, ENTRIES));
    const ranges: SeqRange[] = [
      [0, 2],
      [4, 5],
    ];
    assert.equal(await apply([removing(ranges, 6)]), true);
    assert.deepEqual(await left(), all([2, 3, 5]));
    assert.equal((await read.selectFrom('entries').select('seq').execute()).length, ENTRIES);
  });

  test('takes single parts away', async () => {
    await append(given().store, entriesFrom(0, ENTRIES));
    assert.equal(await apply([removing([[1, 3]], 2, ['args', 'result'])]), true);
    assert.deepEqual(await left(), [...all([0]), ...all([1, 2], ['envelope']), ...all([3, 4, 5])]);
  });

  test('of another number of rows than it says, or a second time, refuses its submission', async () => {
    const { store, read } = given();
    await append(store, entriesFrom(0, ENTRIES));
    assert.equal(await apply([caller('undone'), removing([[0, 2]], 3)]), false);
    assert.deepEqual(await left(), all([0, 1, 2, 3, 4, 5]));
    assert.equal(await apply([removing([[0, 2]], 4), caller('done')]), true);
    assert.equal(await apply([removing([[0, 2]], 4), caller('undone')]), false);
    assert.deepEqual(await left(), all([2, 3, 4, 5]));
    assert.deepEqual(await callerNames(read), ['done']);
  });

  test('leaves other apps alone, and is gone with the transaction that fails', async () => {
    const { store } = given();
    await append(store, entriesFrom(0, ENTRIES));
    const other: Effect = { op: 'remove', table: 'parts', app: APP + 1, ranges: [[0, 6]], rows: 0 };
    assert.equal(await apply([other]), true);
    const fault = new Error('changed my mind');
    await assert.rejects(
      store.transact(soon(), async (tx) => {
        assert.equal(await tx.applyEffects([removing([[0, 6]], 12)]), true);
        throw fault;
      }),
      (error) => error === fault,
    );
    assert.deepEqual(await left(), all([0, 1, 2, 3, 4, 5]));
  });

  test('stands beside new entries in one transaction', async () => {
    const { store } = given();
    await append(store, entriesFrom(0, ENTRIES));
    await store.transact(soon(), async (tx) => {
      await tx.lockHead(APP);
      assert.equal(await tx.applyEffects([removing([[0, 6]], 12)]), true);
      const entries = entriesFrom(ENTRIES, 2);
      await tx.append(APP, entries, [], headAfter(entries));
    });
    assert.deepEqual(await left(), all([6, 7]));
  });

  test('an insert with `any` leaves the row that it meets', async () => {
    const { read } = given();
    const row = (until: number): Effect => ({
      op: 'insert',
      table: 'kept',
      row: { app: APP, event_id: 'evt_0', until },
      any: true,
    });
    assert.equal(await apply([row(1), row(2)]), true);
    const kept = await read.selectFrom('kept').select('until').execute();
    assert.deepEqual(
      kept.map(({ until }) => Number(until)),
      [1],
    );
  });
}
