import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';

import { APP, entriesFrom, headAfter, soon } from '../contract.fixture.ts';
import type { Removal } from '../port.ts';
import { PARTITION_ENTRIES } from './parts.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';

/** What removed parts took is given back: empty partitions go, others are vacuumed. */

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('reclaiming', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());
  let url = '';
  let store: PostgresStore;
  beforeEach(async () => {
    url = await server.newDatabase();
    store = new PostgresStore({ url });
  });
  afterEach(async () => {
    await store.close();
    await server.dropDatabase(url);
  });

  const append = (app: number, first: number, count = 10) => {
    const entries = entriesFrom(first, count);
    return store.transact(soon(), (tx) => tx.append(app, entries, [], headAfter(entries, app)));
  };
  /** The app goes on from there, as if it had written all entries between. */
  const skipTo = (app: number, size: number) =>
    server.query(url, 'UPDATE heads SET size = $2 WHERE app = $1', [app, size]);
  const remove = (app: number, first: number, count = 10) => {
    const ranges = [[first, first + count]] as const;
    const effect: Removal = { op: 'remove', table: 'parts', app, ranges, rows: count * 2 };
    return store.transact(soon(), async (tx) => assert.ok(await tx.applyEffects([effect])));
  };
  const partitions = async () => {
    const rows = await server.query(
      url,
      `SELECT relname FROM pg_class WHERE relname ~ '^parts_p\\d+$' AND relkind = 'r' ORDER BY 1`,
    );
    return rows.map(({ relname }) => relname);
  };
  const reclaim = async () => {
    let busy = 0;
    for (let step: number | null = 0; step !== null && busy < 20;) {
      const done = await store.reclaim(step);
      step = done.next;
      busy += Number(done.busy);
    }
    return busy;
  };

  test('drops a partition when it is empty and every app is past it, and not before', async () => {
    const [one, two] = [PARTITION_ENTRIES, 2 * PARTITION_ENTRIES];
    await append(APP, one);
    await append(APP + 1, one);
    await skipTo(APP, two);
    await append(APP, two);
    assert.deepEqual(await partitions(), ['parts_p1', 'parts_p2']);
    await remove(APP, one);
    await reclaim();
    assert.deepEqual(await partitions(), ['parts_p1', 'parts_p2'], 'another app has parts in it');
    await remove(APP + 1, one);
    await reclaim();
    assert.deepEqual(await partitions(), ['parts_p1', 'parts_p2'], 'another app writes in it');
    await append(APP + 1, one + 10, 1);
    await skipTo(APP + 1, two);
    await reclaim();
    assert.deepEqual(await partitions(), ['parts_p1', 'parts_p2'], 'another app has a part in it');
    await remove(APP + 1, one + 10, 1);
    await reclaim();
    assert.deepEqual(await partitions(), ['parts_p2']);
    await append(APP + 1, two);
    const rows = await server.query(url, 'SELECT count(*)::int AS count FROM parts');
    assert.deepEqual(rows, [{ count: 40 }]);
  });

  test('keeps the first partition, where every new app begins', async () => {
    await append(APP, 0);
    await skipTo(APP, PARTITION_ENTRIES);
    await append(APP, PARTITION_ENTRIES);
    await remove(APP, 0);
    await reclaim();
    assert.deepEqual(await partitions(), ['parts_p0', 'parts_p1']);
    await append(APP + 1, 0);
  });

  test('gives way to whoever reads', async () => {
    const [one, two] = [PARTITION_ENTRIES, 2 * PARTITION_ENTRIES];
    await append(APP, one);
    await skipTo(APP, two);
    await remove(APP, one);
    const reading = server.query(url, 'SELECT count(*), pg_sleep(2) FROM parts');
    assert.deepEqual(await store.reclaim(1), { next: 1, busy: true });
    await reading;
    assert.deepEqual(await store.reclaim(1), { next: null, busy: false });
    assert.deepEqual(await partitions(), []);
  });

  test('vacuums what stays', async () => {
    await append(APP, 0, 500);
    await remove(APP, 0, 400);
    // What a table has lost is known to the statistics a moment later.
    const dead = async () => {
      const [row] = await server.query(
        url,
        `SELECT pg_stat_clear_snapshot(), n_dead_tup::int AS dead FROM pg_stat_user_tables
         WHERE relname = 'parts_p0'`,
      );
      return Number(row?.dead ?? 0);
    };
    await store.close();
    for (let tries = 0; tries < 200 && (await dead()) === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok((await dead()) > 0);
    await reclaim();
    for (let tries = 0; tries < 200 && (await dead()) > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await dead(), 0);
  });
});
