import { FIELD_NAMES } from '@affidavit/schema';
import { stringify } from 'csv-stringify/sync';

import type { StoredRecord } from './records.ts';

/** Columns are the fields of the record in the order of the schema. */
export const CSV_HEADER = stringify([FIELD_NAMES as string[]]);

/**
 * Rows for a spreadsheet. Text that a spreadsheet would run as a formula is escaped with a leading
 * quote (OWASP CSV injection); lists and objects are JSON.
 */
export function csvChunk(records: readonly StoredRecord[]): string {
  const rows = records.map(({ json }) => {
    const record = JSON.parse(json) as Record<string, unknown>;
    return FIELD_NAMES.map((name) => record[name]);
  });
  return csvRows(rows);
}

/** Any rows, as above. */
export const csvRows = (rows: readonly (readonly unknown[])[]): string =>
  stringify(
    rows.map((row) => row.map(cell)),
    { escape_formulas: true },
  );

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // The one beginning on the list of OWASP that the library does not know.
  return text.startsWith('\n') ? `'${text}` : text;
}
