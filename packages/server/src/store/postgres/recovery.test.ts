import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { sql } from 'kysely';

import { append, entriesFrom, headAfter, soon } from '../contract.fixture.ts';
import { eventOf } from '../../sequence/log.fixture.ts';
import { StoreFailure } from '../port.ts';
import { openPostgresReader } from './reader.ts';
import { PostgresStore } from './store.ts';
import { startCuttingProxy } from './testing/cutting-proxy.ts';
import { newWriter } from './testing/logs.ts';
import { startPostgres } from './testing/server.ts';
import { checkAll, startWriter, waitUntil, withLogs } from './testing/writers.ts';

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

const failsWith =
  (reason: string, committed = 'no') =>
  (error: unknown) => {
    assert.ok(error instanceof StoreFailure, String(error));
    assert.deepEqual([error.reason, error.committed], [reason, committed]);
    assert.doesNotMatch(error.message, /postgres:/);
    return true;
  };

describe('a database that fails', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());
  const needsOwn = server.restart ? false : 'the server is not ours to stop';

  const terminateAll = (url: string, name: string) =>
    server.query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database()`,
      [name],
    );

  for (const how of ['fast', 'crash'] as const) {
    test(`writers go on after a ${how} restart, and nothing is lost`, { skip: needsOwn }, () =>
      withLogs(server, 1, async (url, keys) => {
        const writers = ['a', 'b'].map((name) => startWriter(url, name));
        await waitUntil('all write', () => writers.every((one) => one.acknowledged() >= 10));
        await server.restart?.(how);
        const before = writers.map((one) => one.acknowledged());
        await waitUntil('all go on', () =>
          writers.every((one, index) => one.acknowledged() >= (before[index] as number) + 10),
        );
        await Promise.all(writers.map((one) => one.stop()));
        await checkAll(url, keys, writers);
      }),
    );
  }

  test('backends that are ended at any moment cost no entry and no certainty', () =>
    withLogs(server, 1, async (url, keys) => {
      const writers = ['a', 'b'].map((name) => startWriter(url, name));
      await waitUntil('all write', () => writers.every((one) => one.acknowledged() >= 5));
      for (let round = 0; round < 40; round++) {
        await terminateAll(url, round % 2 === 0 ? 'a' : 'b');
      }
      const before = writers.map((one) => one.acknowledged());
      await waitUntil('all go on', () =>
        writers.every((one, index) => one.acknowledged() >= (before[index] as number) + 5),
      );
      await Promise.all(writers.map((one) => one.stop()));
      assert.ok(writers.some((one) => one.told.some((told) => told.failure)));
      await checkAll(url, keys, writers);
    }));

  test('a connection that ends before the commit says that nothing was written', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url, name: 'ended' });
    await append(store, entriesFrom(0, 2));
    const write = store.transact(soon(), async (tx) => {
      await tx.lockHead(7);
      await tx.append(7, entriesFrom(2, 1), [], headAfter(entriesFrom(2, 1)));
      await terminateAll(url, 'ended');
      await tx.findEntries(7, ['evt_0']);
    });
    await assert.rejects(write, failsWith('unreachable'));
    assert.equal((await append(store, entriesFrom(2, 1))).size, 3);
    await store.close();
    await server.dropDatabase(url);
  });

  test('a commit that is cut off is not guessed at', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url, name: 'cut' });
    await append(store, entriesFrom(0, 1));
    await server.query(url, SLOW_COMMIT);
    const told = assert.rejects(
      append(store, entriesFrom(1, 1)),
      failsWith('unreachable', 'unknown'),
    );
    await waitUntil('the commit is under way', async () => {
      const rows = await server.query(
        url,
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'cut' AND query = 'COMMIT'
         AND state = 'active' AND datname = current_database()`,
      );
      return rows.length === 1;
    });
    await terminateAll(url, 'cut');
    await told;
    await server.query(url, 'DROP FUNCTION slow CASCADE');
    await append(store, entriesFrom(1, 1));
    await store.close();
    await server.dropDatabase(url);
  });

  for (const lost of ['question', 'answer'] as const) {
    const outcome = lost === 'answer' ? 'written, and known to be' : 'not written, and told so';
    test(`a commit whose ${lost} is lost on the way is ${outcome}`, () =>
      withLogs(server, 1, async (url, keys) => {
        const proxy = await startCuttingProxy(url);
        const store = new PostgresStore({ url: proxy.url });
        const writer = newWriter(store);
        const write = (id: string) =>
          writer.write([{ app: 1, events: [eventOf(id, 1)], effects: [], deadline: soon() }]);
        try {
          await write('evt_before');
          proxy.cutNextCommit(lost);
          if (lost === 'question') await assert.rejects(write('evt_cut'), failsWith('unreachable'));
          else assert.equal((await write('evt_cut'))[0]?.ok, true);
          assert.equal(proxy.cuts(), 1);
          await write('evt_after');
        } finally {
          await store.close();
          await proxy.close();
        }
        const entries = (await checkAll(url, keys, [])).get(1) ?? [];
        const expected = ['evt_before', ...(lost === 'answer' ? ['evt_cut'] : []), 'evt_after'];
        assert.deepEqual(
          entries.map((entry) => entry.event_id),
          expected,
        );
      }));
  }

  test('a database that hangs is given up, and used again', { skip: needsOwn }, async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url, name: 'hung' });
    await append(store, entriesFrom(0, 1));
    const [backend] = await server.query(
      url,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'hung'",
    );
    process.kill(backend?.pid as number, 'SIGSTOP');
    try {
      const write = store.transact(Date.now() + 50, (tx) => tx.lockHead(7));
      await assert.rejects(write, failsWith('timeout'));
      assert.equal((await append(store, entriesFrom(1, 1))).size, 2);
    } finally {
      process.kill(backend?.pid as number, 'SIGCONT');
    }
    await store.close();
    await server.dropDatabase(url);
  });

  test('a statement that takes too long is ended, and told', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url });
    await append(store, entriesFrom(0, 1));
    const slow = sql`SELECT pg_sleep(20)`;
    const derive = store.derive(Date.now() + 50, async (db) => void (await slow.execute(db)));
    await assert.rejects(derive, failsWith('timeout'));
    const read = openPostgresReader(url, { statementTimeoutMs: 100 });
    await assert.rejects(slow.execute(read), failsWith('timeout'));
    await append(store, entriesFrom(1, 1));
    await read.destroy();
    await store.close();
    await server.dropDatabase(url);
  });

  test('a database that turns read-only is told as such, and recovers', async () => {
    const url = await server.newDatabase();
    const name = new URL(url).pathname.slice(1);
    const store = new PostgresStore({ url, name: 'stood' });
    await append(store, entriesFrom(0, 1));
    await server.query(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await terminateAll(url, 'stood');
    await waitUntil('it is noticed', async () => {
      const failure = await append(store, entriesFrom(1, 1)).catch((error: unknown) => error);
      return failure instanceof StoreFailure && failure.reason === 'read_only';
    });
    await assert.rejects(append(store, entriesFrom(1, 1)), failsWith('read_only'));
    const own = new URL(url);
    own.pathname = '/postgres';
    await server.query(own.href, `ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await append(store, entriesFrom(1, 1));
    await store.close();
    await server.dropDatabase(url);
  });

  test('nobody there: unreachable, until there is', { skip: needsOwn }, async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url });
    const read = openPostgresReader(url);
    await append(store, entriesFrom(0, 1));
    await read.selectFrom('heads').selectAll().execute();
    await server.pause?.stop();
    await assert.rejects(append(store, entriesFrom(1, 1)), failsWith('unreachable'));
    await assert.rejects(append(store, entriesFrom(1, 1)), failsWith('unreachable'));
    await assert.rejects(read.selectFrom('heads').selectAll().execute(), failsWith('unreachable'));
    await server.pause?.start();
    await append(store, entriesFrom(1, 1));
    const [head] = await read.selectFrom('heads').select('size').execute();
    assert.equal(head?.size, 2);
    await read.destroy();
    await store.close();
    await server.dropDatabase(url);
  });
});

const SLOW_COMMIT = `
  CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(10); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT OR UPDATE ON heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`;
