import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { sql } from 'kysely';

import { APP, append, entriesFrom, entryAt, headAfter, same, soon } from '../contract.fixture.ts';
import { StoreFailure } from '../port.ts';
import { PARTITION_ENTRIES } from './parts.ts';
import { openPostgresReader } from './reader.ts';
import { MIGRATIONS } from './schema.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';
import { assertSound } from './writer-link.ts';

const SOUND = {
  synchronous_commit: 'on',
  fsync: 'on',
  encoding: 'UTF8',
  version: 150_018,
  read_only: 'off',
  standby: false,
};

describe('what a server must be for a writer', () => {
  for (const synchronous_commit of ['on', 'remote_write', 'remote_apply']) {
    test(`synchronous_commit = ${synchronous_commit} is sound`, () =>
      assertSound({ ...SOUND, synchronous_commit }));
  }
  const unsound = [
    [{ standby: true }, 'read_only'],
    [{ read_only: 'on' }, 'read_only'],
    [{ fsync: 'off' }, 'io_error'],
    [{ synchronous_commit: 'off' }, 'io_error'],
    [{ synchronous_commit: 'local' }, 'io_error'],
    [{ version: 130_012 }, 'damaged'],
    [{ encoding: 'SQL_ASCII' }, 'damaged'],
  ] as const;
  for (const [fact, reason] of unsound) {
    test(`${JSON.stringify(fact)} is refused`, () =>
      assert.throws(
        () => assertSound({ ...SOUND, ...fact }),
        (error) => error instanceof StoreFailure && error.reason === reason,
      ));
  }
});

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('the database of a PostgreSQL store', { skip }, () => {
  if (typeof server === 'string') return;
  let url = '';
  let store: PostgresStore;
  before(async () => {
    url = await server.newDatabase();
    store = new PostgresStore({ url });
  });
  afterEach(async () => {
    await store.close();
    await server.dropDatabase(url);
    url = await server.newDatabase();
    store = new PostgresStore({ url });
  });
  after(async () => {
    await store.close();
    await server.dropDatabase(url);
    await server.close();
  });
  const refused = /is refused/;

  test('refuses to change or remove what is written', async () => {
    const tile = { level: 0, tile: 0, hashes: new Uint8Array(8192), root: new Uint8Array(32) };
    await append(store, entriesFrom(0, 3), [tile]);
    const attempts = [
      'UPDATE entries SET header = header',
      'DELETE FROM entries WHERE seq = 2',
      'TRUNCATE entries',
      'UPDATE tiles SET root = hashes',
      'DELETE FROM tiles',
      'TRUNCATE tiles',
      "UPDATE parts SET body = 'x'",
      'DELETE FROM parts',
      'TRUNCATE parts',
      'TRUNCATE parts_p0',
      "UPDATE parts_p0 SET body = 'x'",
      'DELETE FROM parts_p0',
      'UPDATE heads SET size = size - 1',
      'DELETE FROM heads',
      'TRUNCATE heads',
      "SET affidavit.sweep = 'on'; UPDATE parts SET body = 'x'",
      "SET session_replication_role = 'replica'; DELETE FROM entries",
      "SET session_replication_role = 'replica'; DELETE FROM parts",
    ];
    for (const attempt of attempts) {
      await assert.rejects(server.query(url, attempt), refused, attempt);
    }
    assert.equal((await store.db.selectFrom('parts').select('seq').execute()).length, 6);
    assert.equal((await store.db.selectFrom('entries').select('seq').execute()).length, 3);
  });

  test('lets the sweep remove parts, and nothing else', async () => {
    await append(store, entriesFrom(0, 3));
    await server.query(url, "SET affidavit.sweep = 'on'; DELETE FROM parts WHERE seq = 1");
    const parts = await store.db.selectFrom('parts').select('seq').distinct().execute();
    assert.deepEqual(parts.map((part) => part.seq).toSorted(), [0, 2]);
    await server.query(url, "SET affidavit.sweep = 'on'; TRUNCATE parts_p0");
    await assert.rejects(
      server.query(url, "SET affidavit.sweep = 'on'; DELETE FROM entries"),
      refused,
    );
  });

  test('gets partitions as the log grows, guarded as well', async () => {
    const first = PARTITION_ENTRIES - 2;
    await append(store, entriesFrom(first, 5));
    await append(store, entriesFrom(first + 5, 1));
    const places = await server.query(
      url,
      'SELECT tableoid::regclass::text AS place, count(*)::integer AS count FROM parts GROUP BY 1 ORDER BY 1',
    );
    assert.deepEqual(places, [
      { place: 'parts_p0', count: 4 },
      { place: 'parts_p1', count: 8 },
    ]);
    await assert.rejects(server.query(url, 'DELETE FROM parts_p1'), refused);
    await assert.rejects(server.query(url, 'TRUNCATE parts_p1'), refused);
  });

  test('gets a partition once, from many who need it at the same moment', async () => {
    const stores = Array.from({ length: 6 }, () => new PostgresStore({ url }));
    await Promise.all(
      stores.map((one, index) => {
        const entries = entriesFrom(PARTITION_ENTRIES, 2);
        const app = index + 1;
        return one.transact(soon(), (tx) => tx.append(app, entries, [], headAfter(entries, app)));
      }),
    );
    await Promise.all(stores.map((one) => one.close()));
    const rows = await server.query(url, 'SELECT count(*)::integer AS count FROM parts_p1');
    assert.deepEqual(rows, [{ count: 24 }]);
  });

  test('gets a partition again that a transaction took back, or a sweep dropped', async () => {
    const undone = store.transact(soon(), async (tx) => {
      const entries = entriesFrom(0, 1);
      await tx.append(APP, entries, [], headAfter(entries));
      throw new Error('undone');
    });
    await assert.rejects(undone, { message: 'undone' });
    await append(store, entriesFrom(0, 1));
    await append(store, entriesFrom(1, 1));
    await server.query(url, 'DROP TABLE parts_p0');
    await assert.rejects(append(store, entriesFrom(2, 1)));
    await append(store, entriesFrom(2, 1));
    assert.equal((await store.db.selectFrom('entries').select('seq').execute()).length, 3);
  });

  test('locks a log without a head, so that two who start it come one after the other', async () => {
    const other = new PostgresStore({ url });
    const locked = Promise.withResolvers<void>();
    const first = store.transact(soon(), async (tx) => {
      assert.equal(await tx.lockHead(APP), null);
      locked.resolve();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const entries = entriesFrom(0, 2);
      await tx.append(APP, entries, [], headAfter(entries));
    });
    await locked.promise;
    const found = await other.transact(soon(), (tx) => tx.lockHead(APP));
    await first;
    assert.equal(found?.size, 2);
    await other.close();
  });

  test('takes no entries that do not follow its head', async () => {
    await append(store, entriesFrom(0, 2));
    const stale = store.transact(soon(), async (tx) => {
      const entry = entryAt(5);
      await tx.append(APP, [entry], [], headAfter([entry]));
    });
    await assert.rejects(
      stale,
      (error) => error instanceof StoreFailure && error.reason === 'locked',
    );
    await append(store, entriesFrom(2, 1));
  });

  test('syncs every commit, whatever the database is set to', async () => {
    const name = new URL(url).pathname.slice(1);
    await server.query(url, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    await server.query(
      url,
      `ALTER DATABASE ${name} SET default_transaction_isolation = serializable`,
    );
    const [before] = await server.query(url, 'SHOW synchronous_commit');
    assert.deepEqual(before, { synchronous_commit: 'off' });
    const { rows } = await sql`SHOW synchronous_commit`.execute(store.db);
    assert.deepEqual(rows, [{ synchronous_commit: 'on' }]);
    await append(store, entriesFrom(0, 1));
  });

  test('is made once, by many who start at once', async () => {
    const stores = Array.from({ length: 8 }, () => new PostgresStore({ url }));
    await Promise.all(stores.map((one) => one.transact(soon(), async () => undefined)));
    await Promise.all(stores.map((one) => one.close()));
    assert.deepEqual(
      await server.query(url, 'SELECT version FROM affidavit_schema ORDER BY version'),
      MIGRATIONS.map((_, step) => ({ version: step + 1 })),
    );
  });

  test('of a newer version is left alone', async () => {
    await append(store, entriesFrom(0, 1));
    await server.query(url, 'INSERT INTO affidavit_schema (version) VALUES (999)');
    const later = new PostgresStore({ url });
    await assert.rejects(
      append(later, entriesFrom(1, 1)),
      (error) => error instanceof StoreFailure && error.reason === 'damaged',
    );
  });

  test('is read in one snapshot, and not written, by readers', async () => {
    const read = openPostgresReader(url);
    await append(store, entriesFrom(0, 1));
    await read.transaction().execute(async (snapshot) => {
      const sizes = () => snapshot.selectFrom('heads').select('size').execute();
      same(await sizes(), [{ size: 1 }]);
      await append(store, entriesFrom(1, 1));
      same(await sizes(), [{ size: 1 }]);
    });
    same(await read.selectFrom('heads').select('size').execute(), [{ size: 2 }]);
    await assert.rejects(
      read.deleteFrom('facet_values').execute(),
      (error) => error instanceof StoreFailure && error.reason === 'read_only',
    );
    await read.destroy();
  });

  test('holds text with any character, in the order of bytes', async () => {
    const names = ['Zebra', 'apple', 'äpfel', 'a\0b', '\u{1f980}', 'quote"\\{},NULL'];
    const effects = names.map((name) => ({
      op: 'insert' as const,
      table: 'callers' as const,
      row: { app: APP, name, description: null, created_at: 2 ** 52 + 1 },
    }));
    assert.ok(await store.transact(soon(), (tx) => tx.applyEffects(effects)));
    const rows = await store.db.selectFrom('callers').selectAll().orderBy('name').execute();
    assert.deepEqual(
      rows.map((row) => row.name),
      ['Zebra', 'apple', 'a\uFFFDb', 'quote"\\{},NULL', 'äpfel', '\u{1f980}'],
    );
    assert.equal(rows[0]?.created_at, 2 ** 52 + 1);
    const found = await store.db
      .selectFrom('callers')
      .select('name')
      .where('name', '=', 'a\0b')
      .execute();
    assert.equal(found.length, 1);
  });
});
