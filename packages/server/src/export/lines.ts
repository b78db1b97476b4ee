import { toEcs, toOcsf, type AuditRecord } from '@affidavit/schema';

import { csvChunk } from '../query/csv.ts';
import type { StoredRecord } from '../query/records.ts';

/** Formats of which a file is one text after the other: entries in, lines out. */
export const LINE_FORMATS = ['csv', 'ndjson', 'ecs', 'ocsf'] as const;
export type LineFormat = (typeof LINE_FORMATS)[number];

const mapped = (map: (record: AuditRecord) => object) => (records: readonly StoredRecord[]) =>
  records.map(({ json }) => `${JSON.stringify(map(JSON.parse(json) as AuditRecord))}\n`).join('');

const WRITERS: Readonly<Record<LineFormat, (records: readonly StoredRecord[]) => string>> = {
  csv: csvChunk,
  ndjson: (records) => records.map(({ json }) => `${json}\n`).join(''),
  ecs: mapped(toEcs),
  ocsf: mapped(toOcsf),
};

/** Entries as the lines of a format; CSV without its header. */
export function writeLines(format: LineFormat, records: readonly StoredRecord[]): string {
  return WRITERS[format](records);
}
