import { DatabaseSync } from 'node:sqlite';

import { sql, type Kysely } from 'kysely';

import type { Tables } from '../tables.ts';
import { MIGRATIONS } from './schema.ts';

const FILE_TROUBLES_MAX = 20;

/** What SQLite itself finds wrong with the file: pages, order, indexes, types. Reads all of it. */
export async function fileTroubles(db: Kysely<Tables>): Promise<string[]> {
  const check = sql<{ integrity_check: string }>`
    PRAGMA integrity_check(${sql.lit(FILE_TROUBLES_MAX)})`;
  const { rows } = await check.execute(db);
  return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

const SCHEMA = 'SELECT type, name, sql FROM sqlite_schema';

function expectedSchema(): SchemaRow[] {
  const db = new DatabaseSync(':memory:');
  try {
    for (const step of MIGRATIONS) db.exec(step);
    return db.prepare(SCHEMA).all() as unknown as SchemaRow[];
  } finally {
    db.close();
  }
}

/** Where the tables are not those that were made: one is missing or changed, or has a trigger. */
export async function schemaTroubles(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<SchemaRow>`${sql.raw(SCHEMA)}`.execute(db);
  const found = new Map(rows.map((row) => [row.name, row]));
  const expected = expectedSchema();
  const changed = expected.flatMap(({ type, name, sql: text }) => {
    const row = found.get(name);
    if (row === undefined) return [`the ${type} ${name} is missing`];
    return row.sql === text ? [] : [`the ${type} ${name} was changed`];
  });
  const known = new Set(expected.map(({ name }) => name));
  const strange = rows.filter(({ type, name }) => type === 'trigger' && !known.has(name));
  return [...changed, ...strange.map(({ name }) => `there is a trigger ${name} that is not ours`)];
}
