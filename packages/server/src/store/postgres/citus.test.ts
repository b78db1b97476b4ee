import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';

import { append, entriesFrom } from '../contract.fixture.ts';
import { StoreFailure } from '../port.ts';
import { PRIMARY_KEYS } from '../tables.ts';
import { administer } from './administer.ts';
import { BY_APP } from './citus.ts';
import { PARTITION_ENTRIES } from './parts.ts';
import * as statements from './statements.ts';
import { PostgresStore } from './store.ts';
import { fakeCitus } from './testing/citus.ts';
import { startPostgres } from './testing/server.ts';

const TABLES = Object.keys(PRIMARY_KEYS).sort();

describe('what is said to PostgreSQL', () => {
  for (const [name, statement] of Object.entries(statements)) {
    const { text } = statement([]);
    const table = BY_APP.find((one) => new RegExp(`(FROM|INTO|UPDATE) ${one}\\b`).test(text));
    if (table === undefined) continue;
    test(`${name} names the app, so that one machine can answer it`, () => {
      assert.match(text, /\bapp = \$1\b|VALUES \(\$1,|SELECT \$1::integer,/);
    });
  }

  test('every table is distributed by app, or small and looked up without one', () => {
    for (const table of BY_APP) assert.equal(PRIMARY_KEYS[table][0], 'app', table);
    const others = TABLES.filter((table) => !(BY_APP as string[]).includes(table));
    assert.deepEqual(others, ['api_keys', 'apps', 'installation']);
  });
});

const server = await startPostgres();
const skip =
  typeof server === 'string' ? server : server.restart === null ? 'not our server' : false;

describe('on a coordinator', { skip }, () => {
  if (typeof server === 'string') return;
  let url = '';
  beforeEach(async () => {
    url = await server.newDatabase();
    await fakeCitus(server, url);
  });
  afterEach(() => server.dropDatabase(url));
  after(() => server.close());

  const connect = async () => {
    const store = new PostgresStore({ url });
    try {
      await append(store, entriesFrom(0, 2));
    } finally {
      await store.close();
    }
  };
  const fails = (said: RegExp) => (error: unknown) => {
    assert.ok(error instanceof StoreFailure, String(error));
    assert.match(error.message, said);
    return true;
  };

  test('all tables of an apps are together, and a second run has nothing to do', async () => {
    const { before: old, after: now, distributed } = await administer(url, null);
    assert.ok(old === 0 && now > 0);
    assert.deepEqual([...(distributed ?? [])].sort(), TABLES);
    const rows = await server.query(
      url,
      'SELECT logicalrelid::text AS name, partmethod, partkey, colocationid FROM pg_dist_partition',
    );
    for (const { name, partmethod, partkey, colocationid } of rows) {
      const isByApp = (BY_APP as string[]).includes(String(name));
      const expected = isByApp ? ['h', 'app', 2] : ['n', null, 1];
      assert.deepEqual([partmethod, partkey, colocationid], expected, String(name));
    }
    assert.deepEqual((await administer(url, null)).distributed, []);
    const local = await server.query(
      url,
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relkind IN ('r', 'p') AND oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)`,
    );
    assert.deepEqual(local.map(({ relname }) => relname).sort(), [
      'affidavit_schema',
      'leases',
      'processes',
    ]);
    await connect();
  });

  test('the server distributes nothing by itself', async () => {
    await connect();
    assert.deepEqual(await server.query(url, 'SELECT * FROM pg_dist_partition'), []);
  });

  test('a ledger that is there already is not distributed, but copied', async () => {
    await connect();
    await assert.rejects(administer(url, null), fails(/affidavit copy from this one/));
    assert.deepEqual(await server.query(url, 'SELECT * FROM pg_dist_partition'), []);
  });

  test('a table that came later is told at the start, and distributed by the next run', async () => {
    await administer(url, null);
    await server.query(
      url,
      `SET allow_system_table_mods = on;
       DELETE FROM pg_dist_partition WHERE logicalrelid::text IN ('policies', 'grants')`,
    );
    await assert.rejects(connect(), fails(/not distributed yet: grants, policies; run affidavit/));
    await server.query(
      url,
      `INSERT INTO policies VALUES (1, 'pol_1', 'from a step of the schema', '', NULL, NULL, 1, 1)`,
    );
    assert.deepEqual((await administer(url, null)).distributed, ['grants', 'policies']);
    const emptied = 'SELECT logicalrelid::text AS name FROM pg_dist_partition WHERE truncated';
    assert.deepEqual(await server.query(url, emptied), [{ name: 'policies' }]);
    await connect();
  });

  test('tables of an older version are left to the owner', async () => {
    await administer(url, null);
    await server.query(url, 'DELETE FROM affidavit_schema WHERE version > 1');
    await assert.rejects(
      connect(),
      fails(/of version 1, .* run affidavit migrate on this cluster/),
    );
  });

  const unsound = [
    ["settings = 'on off on'", /worker-2:5432 runs with .*synchronous_commit = off/],
    ["settings = 'off on on'", /worker-2:5432 runs with fsync = off/],
    ["settings = 'on on off'", /worker-2:5432 needs citus.enable_unsafe_triggers = on/],
  ] as const;
  for (const [setting, said] of unsound) {
    test(`a machine with ${setting} is refused, at both`, async () => {
      const change = (text: string) =>
        server.query(
          url,
          `SET allow_system_table_mods = on; UPDATE pg_catalog.fake_workers SET ${text}`,
        );
      await change(`${setting} WHERE nodename = 'worker-2'`);
      await assert.rejects(administer(url, null), fails(said));
      await change("settings = 'on on on', alive = true");
      await administer(url, null);
      await change(`${setting} WHERE nodename = 'worker-2'`);
      await assert.rejects(connect(), fails(said));
    });
  }

  test('a machine that does not answer stops no start, but the distribution', async () => {
    const change = (alive: boolean) =>
      server.query(
        url,
        `SET allow_system_table_mods = on;
         UPDATE pg_catalog.fake_workers SET alive = ${alive}, settings = 'connection refused'
         WHERE nodename = 'worker-2'; UPDATE pg_catalog.fake_workers SET settings = 'on on on' WHERE alive`,
      );
    await change(false);
    await assert.rejects(administer(url, null), fails(/worker-2:5432 of the cluster does not/));
    await change(true);
    await administer(url, null);
    await change(false);
    await connect();
  });

  test('an old Citus is refused', async () => {
    await server.query(
      url,
      "SET allow_system_table_mods = on; UPDATE pg_extension SET extversion = '11.3-1' WHERE extname = 'citus'",
    );
    await assert.rejects(administer(url, null), fails(/Citus 12 or later, not 11.3-1/));
  });

  test('a partition is made with the settings that Citus needs for it', async () => {
    await administer(url, null);
    await server.query(
      url,
      `CREATE TABLE seen (triggers text, mode text);
       CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen VALUES (current_setting('citus.enable_unsafe_triggers', true),
           current_setting('citus.multi_shard_modify_mode', true));
       END $$;
       CREATE EVENT TRIGGER see_tables ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
         EXECUTE FUNCTION see()`,
    );
    const store = new PostgresStore({ url });
    await append(store, entriesFrom(PARTITION_ENTRIES - 1, 2));
    await store.close();
    const seen = await server.query(url, 'SELECT DISTINCT * FROM seen');
    assert.deepEqual(seen, [{ triggers: 'on', mode: 'sequential' }]);
    const guards = await server.query(
      url,
      `SELECT DISTINCT tgenabled FROM pg_trigger
       WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'parts_p%'`,
    );
    assert.deepEqual(guards, [{ tgenabled: 'A' }]);
  });
});
