import type { Affidavit, Query } from '@affidavit/sdk';

import { styleFor } from './format/style.ts';
import { fitted, heading, tableRow, type Column } from './format/table.ts';
import { writeLine, type Terminal } from './terminal.ts';

/** Lists of what is administered: all pages of them, as a table or as JSON. */

export type Row = Readonly<Record<string, unknown>>;

interface Page {
  readonly data?: readonly Row[];
  readonly next_cursor?: string | null;
}

/** A column for the first of these members that is there. */
export const column = (title: string, width: number, ...names: string[]): Column<Row> => ({
  title,
  width,
  value: (row) => names.map((name) => row[name]).find((value) => value !== undefined),
});

/** A column for a list of words. */
export const wordsColumn = (title: string, width: number, name: string): Column<Row> => ({
  title,
  width,
  value: ({ [name]: words }) => (Array.isArray(words) ? words.join(' ') : words),
});

/** The members that were given. */
export const members = (given: Row): Row =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

export async function readRows(
  client: Affidavit,
  path: string,
  signal: AbortSignal,
  filter: Query = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null | undefined = ''; typeof cursor === 'string';) {
    const query: Query = { ...filter, ...(cursor === '' ? {} : { cursor }) };
    const page = (await client.api('GET', path, { query, signal })) as Page;
    rows.push(...(page.data ?? []));
    cursor = page.next_cursor;
  }
  return rows;
}

export async function printRows(
  { stdout, env }: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  json: boolean,
): Promise<void> {
  const style = styleFor(stdout, env);
  const shown = fitted(columns, rows);
  if (!json) await writeLine(stdout, heading(shown, style));
  for (const row of rows) {
    await writeLine(stdout, json ? JSON.stringify(row) : tableRow(shown, row, style));
  }
}
