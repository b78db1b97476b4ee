import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';

import { append, entriesFrom } from '../contract.fixture.ts';
import { StoreFailure } from '../port.ts';
import { administer } from './administer.ts';
import { PARTITION_ENTRIES } from './parts.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';

const server = await startPostgres();
const skip =
  typeof server === 'string' ? server : server.restart === null ? 'not our server' : false;
const ROLE = 'affidavit_test_server';

describe('a server whose role owns nothing', { skip }, () => {
  if (typeof server === 'string') return;
  let owner = '';
  let url = '';
  beforeEach(async () => {
    owner = await server.newDatabase();
    await server.query(owner, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await server.query(
      owner,
      `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${ROLE}')
        THEN CREATE ROLE ${ROLE} LOGIN; END IF; END $$`,
    );
    const own = new URL(owner);
    own.username = ROLE;
    url = own.href;
  });
  afterEach(() => server.dropDatabase(owner));
  after(() => server.close());

  const write = async (first: number, count: number) => {
    const store = new PostgresStore({ url });
    try {
      await append(store, entriesFrom(first, count));
    } finally {
      await store.close();
    }
  };
  const fails = (said: RegExp) => (error: unknown) => {
    assert.ok(error instanceof StoreFailure && error.reason === 'read_only', String(error));
    assert.match(error.message, said);
    return true;
  };

  test('is told who can make the tables, and who can bring them up', async () => {
    await assert.rejects(write(0, 1), fails(/version 0.*run affidavit migrate as their owner/));
    await assert.rejects(
      administer(owner, 'nobody_at_all'),
      /there is no role called nobody_at_all/,
    );
    await administer(owner, ROLE);
    await server.query(owner, 'DELETE FROM affidavit_schema WHERE version > 1');
    await assert.rejects(write(0, 1), fails(/version 1.*run affidavit migrate as their owner/));
  });

  test('writes, into partitions that it makes too', async () => {
    await administer(owner, ROLE);
    await write(PARTITION_ENTRIES - 1, 2);
    const parts = await server.query(
      owner,
      `SELECT tableoid::regclass::text AS name, count(*)::integer AS rows,
         pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = tableoid)) AS owner
       FROM parts GROUP BY tableoid ORDER BY 1`,
    );
    assert.deepEqual(parts, [
      { name: 'parts_p0', rows: 2, owner: 'affidavit' },
      { name: 'parts_p1', rows: 2, owner: 'affidavit' },
    ]);
  });

  test('drops partitions that are empty and past, and no others', async () => {
    await administer(owner, ROLE);
    await write(PARTITION_ENTRIES, 2);
    const drop = `SELECT affidavit_drop_parts(1, ${PARTITION_ENTRIES}) AS dropped`;
    assert.deepEqual(await server.query(url, drop), [{ dropped: false }]);
    await server.query(owner, `UPDATE heads SET size = ${2 * PARTITION_ENTRIES}`);
    assert.deepEqual(await server.query(url, drop), [{ dropped: false }], 'it is not empty');
    await server.query(url, "SET affidavit.sweep = 'on'; DELETE FROM parts");
    const store = new PostgresStore({ url });
    assert.deepEqual(await store.reclaim(0), { next: null, busy: false });
    await store.close();
    const left = "SELECT count(*)::integer AS left FROM pg_class WHERE relname = 'parts_p1'";
    assert.deepEqual(await server.query(owner, left), [{ left: 0 }]);
  });

  test('cannot take the guards away, nor anything of the ledger', async () => {
    await administer(owner, ROLE);
    await write(0, 3);
    const attempts = [
      'ALTER TABLE entries DISABLE TRIGGER ALL',
      'ALTER TABLE parts_p0 DISABLE TRIGGER parts_guard',
      'DROP TRIGGER entries_guard ON entries',
      "SET session_replication_role = 'replica'",
      'CREATE OR REPLACE FUNCTION affidavit_refuse() RETURNS trigger LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE TABLE mine (a integer)',
      'DROP TABLE tiles',
      "UPDATE entries SET header = ''",
      'DELETE FROM entries',
      'TRUNCATE entries',
      'UPDATE tiles SET level = 9',
      'DELETE FROM heads',
      "UPDATE parts SET body = ''",
      'DELETE FROM parts',
      "SET affidavit.sweep = 'on'; TRUNCATE parts",
      'DELETE FROM affidavit_schema',
    ];
    for (const attempt of attempts) {
      await assert.rejects(
        server.query(url, attempt),
        /permission denied|must be owner|is refused/,
        attempt,
      );
    }
    await write(3, 1);
  });

  test('cannot lead the function that makes partitions to tables of its own', async () => {
    await administer(owner, ROLE);
    const lure = `CREATE TEMP TABLE parts (a integer) PARTITION BY RANGE (a);
      SELECT affidavit_make_parts(7, 10)`;
    await server.query(url, lure);
    const found = await server.query(
      owner,
      "SELECT pg_get_expr(relpartbound, oid) AS range FROM pg_class WHERE relname = 'parts_p7'",
    );
    assert.deepEqual(found, [{ range: "FOR VALUES FROM ('70') TO ('80')" }]);
  });
});
