import { FIELDS, FIELD_NAMES, type AuditRecord, type FieldName } from '@affidavit/schema';
import type { z } from 'zod';
import { ByteWriter, ParquetWriter, schemaFromColumnData, type BasicType } from 'hyparquet-writer';

/**
 * Apache Parquet, row group by row group: each is made by itself, wherever it will stand in the
 * file, so that a file of any length needs the memory of one group, and of what its footer says
 * about the groups. Columns are the fields of the record; lists and objects are JSON.
 */

const CREATED_BY = 'affidavit';
/** Fields by which readers skip groups; the others would only make the footer longer. */
const WITH_STATISTICS: ReadonlySet<FieldName> = new Set(['seq', 'created_at']);

interface Column {
  readonly name: FieldName;
  readonly type: BasicType;
}

function typeOf(name: FieldName): BasicType {
  if (name === 'created_at') return 'TIMESTAMP';
  const schema: z.ZodType = FIELDS[name].schema;
  switch (schema.def.type) {
    case 'string':
    case 'enum':
      return 'STRING';
    case 'boolean':
      return 'BOOLEAN';
    case 'number':
      return (schema as z.ZodNumber).isInt ? 'INT64' : 'DOUBLE';
    default:
      return 'JSON';
  }
}

const COLUMNS: readonly Column[] = FIELD_NAMES.map((name) => ({ name, type: typeOf(name) }));
const SCHEMA = schemaFromColumnData({
  columnData: COLUMNS.map(({ name, type }) => ({ name, type, data: [] })),
});

/** What the footer says about a group; plain data, to cross threads. */
export type ParquetGroup = ParquetWriter['row_groups'][number];

const CONVERSIONS: Readonly<Partial<Record<BasicType, (value: never) => unknown>>> = {
  INT64: (value: number) => BigInt(value),
  TIMESTAMP: (value: string) => new Date(value),
};

function cells({ name, type }: Column, records: readonly AuditRecord[]): unknown[] {
  const convert = CONVERSIONS[type];
  return records.map((record) => {
    const value = record[name];
    if (value === undefined || value === null) return undefined;
    return convert ? convert(value as never) : value;
  });
}

/** A writer that believes to be so many bytes into a file. */
function writerAt(offset: number): { parquet: ParquetWriter; bytes: ByteWriter } {
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({ writer: bytes, schema: SCHEMA, createdBy: CREATED_BY });
  bytes.index = 0;
  bytes.offset = offset;
  return { parquet, bytes };
}

/** What a file begins with (parquet-format, README). */
export const PARQUET_START = Buffer.from('PAR1');

/** One group of rows that stands `offset` bytes into its file. */
export function parquetGroup(
  records: readonly AuditRecord[],
  offset: number,
): { bytes: Uint8Array; group: ParquetGroup } {
  const { parquet, bytes } = writerAt(offset);
  const columnData = COLUMNS.map((column) => ({
    name: column.name,
    type: column.type,
    data: cells(column, records) as string[],
    statistics: WITH_STATISTICS.has(column.name),
    offsetIndex: false,
  }));
  void parquet.write({ columnData, rowGroupSize: Math.max(1, records.length) });
  return { bytes: bytes.getBytes().slice(), group: parquet.row_groups[0] as ParquetGroup };
}

/** What a file ends with, behind all its groups. */
export function parquetEnd(groups: readonly ParquetGroup[], offset: number): Uint8Array {
  const { parquet, bytes } = writerAt(offset);
  parquet.row_groups.push(...groups);
  parquet.num_rows = groups.reduce((rows, group) => rows + group.num_rows, 0n);
  void parquet.finish();
  return bytes.getBytes().slice();
}
