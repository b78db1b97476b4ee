import type { AuditRecord } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import { readPage, type PageRequest } from '../query/page.ts';
import type { StoredRecord } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';
import { writeLines, type LineFormat } from './lines.ts';
import type { ParquetGroup } from './parquet.ts';

/** What reader threads do for an export: a piece at a time, each in one snapshot. */

export type ExportFormat = LineFormat | 'parquet';

export interface ExportRequest extends PageRequest {
  readonly format: ExportFormat;
  /** Bytes of the file before this piece. */
  readonly offset: number;
}

export interface ExportPiece {
  readonly bytes: string | Uint8Array;
  /** Of Parquet. */
  readonly group?: ParquetGroup;
  readonly count: number;
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  readonly next_cursor: string;
  readonly has_more: boolean;
}

/** A row group ends here; what it is made of is held at once. */
const GROUP_ROWS_MAX = 10_000;
const GROUP_CHARACTERS_MAX = 8 * 1024 * 1024;

export async function readExport(
  at: Kysely<Tables>,
  request: ExportRequest,
  deadline: Deadline,
): Promise<ExportPiece> {
  const { format, offset } = request;
  if (format !== 'parquet') {
    const { records, next_cursor, has_more } = await readPage(at, request, deadline);
    const bytes = writeLines(format, records);
    // An ascending page always has a cursor.
    return { bytes, ...extent(records), next_cursor: next_cursor as string, has_more };
  }
  const { records, ...rest } = await readGroup(at, request, deadline);
  if (records.length === 0) return { bytes: '', ...extent(records), ...rest };
  const { parquetGroup } = await import('./parquet.ts');
  const rows = records.map(({ json }) => JSON.parse(json) as AuditRecord);
  return { ...parquetGroup(rows, offset), ...extent(records), ...rest };
}

/** Pages until a group is full. */
async function readGroup(at: Kysely<Tables>, request: ExportRequest, deadline: Deadline) {
  const rowsMax = Math.min(request.limit, GROUP_ROWS_MAX);
  const records: StoredRecord[] = [];
  let characters = 0;
  let { cursor } = request;
  for (;;) {
    const limit = rowsMax - records.length;
    const asked = { ...request, limit, ...(cursor === undefined ? {} : { cursor }) };
    const page = await readPage(at, asked, deadline);
    records.push(...page.records);
    characters += page.records.reduce((sum, { json }) => sum + json.length, 0);
    const next_cursor = page.next_cursor as string;
    const full = records.length >= rowsMax || characters > GROUP_CHARACTERS_MAX;
    if (full || !page.has_more) return { records, next_cursor, has_more: page.has_more };
    cursor = next_cursor;
  }
}

function extent(records: readonly StoredRecord[]) {
  return {
    count: records.length,
    first_seq: records[0]?.seq ?? null,
    last_seq: records.at(-1)?.seq ?? null,
  };
}
