import { sql, type Kysely } from 'kysely';

import type { ColumnValue, Row } from '../store/port.ts';
import { PRIMARY_KEYS, type Tables } from '../store/tables.ts';

/** What a page is to weigh; one of rows that suddenly grow may weigh more. */
const PAGE_BYTES = 1024 * 1024;
const ROWS_FIRST = 64;
const ROWS_MAX = 2000;

/** The primary key of a row, as values in the order of `PRIMARY_KEYS`. */
export type Key = readonly (string | number)[];

export function keyOf(table: keyof Tables, row: Row): Key {
  return PRIMARY_KEYS[table].map((column) => row[column] as string | number);
}

function weightOf(value: ColumnValue): number {
  return value === null || typeof value === 'number' ? 8 : value.length;
}

function weigh(rows: readonly Row[]): number {
  let weight = 0;
  for (const row of rows) for (const name in row) weight += weightOf(row[name] as ColumnValue);
  return weight;
}

/**
 * The rows of a table behind a key (from the first for null), in the order of its primary key, in
 * pages of a bounded size. Each page is a query of its own: the table must be at rest.
 */
export async function* pagesOf(
  db: Kysely<Tables>,
  table: keyof Tables,
  after: Key | null,
): AsyncGenerator<readonly Row[]> {
  const columns = sql.join(PRIMARY_KEYS[table].map((name) => sql.ref(name)));
  let limit = ROWS_FIRST;
  for (let last = after; ;) {
    const behind = last === null ? sql`` : sql`WHERE (${columns}) > (${sql.join(last)})`;
    const query = sql<Row>`SELECT * FROM ${sql.table(table)} ${behind}
      ORDER BY ${columns} LIMIT ${sql.lit(limit)}`;
    const { rows } = await query.execute(db);
    const end = rows.at(-1);
    if (end === undefined) return;
    yield rows;
    if (rows.length < limit) return;
    last = keyOf(table, end);
    const fitting = Math.floor((PAGE_BYTES * rows.length) / weigh(rows));
    limit = Math.min(Math.max(fitting, 1), limit * 4, ROWS_MAX);
  }
}
