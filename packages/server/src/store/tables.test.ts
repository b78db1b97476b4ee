import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { startPostgres } from './postgres/testing/server.ts';
import { PostgresStore } from './postgres/store.ts';
import { openWriter } from './sqlite/open.ts';
import { PRIMARY_KEYS } from './tables.ts';

/** What a database itself says of its tables: columns in any order, keys in theirs. */
interface Table {
  readonly columns: readonly string[];
  readonly key: readonly string[];
}
type Catalog = Record<string, Table>;

const expectedKeys = () =>
  Object.fromEntries(Object.entries(PRIMARY_KEYS).map(([name, key]) => [name, [...key]]));
const keysOf = (catalog: Catalog) =>
  Object.fromEntries(Object.entries(catalog).map(([name, { key }]) => [name, key]));

function sqliteCatalog(): Catalog {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-tables-'));
  const db = openWriter(join(folder, 'affidavit.db'));
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return Object.fromEntries(
      tables.map(({ name }) => {
        const found = db.prepare('SELECT name, pk FROM pragma_table_info(?)').all(String(name));
        const columns = found as unknown as { name: string; pk: number }[];
        const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
        return [
          String(name),
          { columns: columns.map((one) => one.name).sort(), key: key.map((one) => one.name) },
        ];
      }),
    );
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the key of every table is the one that SQLite knows', () => {
  assert.deepEqual(keysOf(sqliteCatalog()), expectedKeys());
});

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('in PostgreSQL', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());
  /** What processes share beside the ledger, the schema's version, and partitions. */
  const others = /^(leases|processes|affidavit_schema|parts_p\d+)$/;

  test('the same tables have the same columns and keys', async () => {
    const url = await server.newDatabase();
    const store = new PostgresStore({ url });
    await store.transact(Date.now() + 5000, async () => undefined);
    await store.close();
    const rows = await server.query(
      url,
      `SELECT c.relname AS name,
         (SELECT array_agg(a.attname::text ORDER BY a.attname COLLATE "C") FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT array_agg(a.attname::text ORDER BY k.place)
          FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) AS key
       FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`,
    );
    const catalog = Object.fromEntries(
      rows
        .filter(({ name }) => !others.test(String(name)))
        .map(({ name, columns, key }) => [name, { columns, key } as Table]),
    );
    assert.deepEqual(catalog, sqliteCatalog());
    await server.dropDatabase(url);
  });
});
