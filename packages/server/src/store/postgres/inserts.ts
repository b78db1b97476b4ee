import type { QueryConfig } from 'pg';

import type { NewEntry, NewPart, NewTile } from '../port.ts';
import { bigints, byteStrings, integers, texts } from './arrays.ts';
import * as statements from './statements.ts';

/** Rows and characters of one statement: beyond it a batch is sent in several. */
const ROWS_MAX = 2000;
const CHARACTERS_MAX = 8 * 1024 * 1024;

/** What adds entries with their parts, and tiles, to a log. */
export function insertsOf(
  app: number,
  entries: readonly NewEntry[],
  tiles: readonly NewTile[],
): QueryConfig[] {
  const parts = entries.flatMap(({ seq, parts: own }) => own.map((part) => ({ seq, ...part })));
  return [
    ...chunks(entries, ({ header }) => header.length).map((rows) => entriesOf(app, rows)),
    ...chunks(parts, ({ body }) => body.length).map((rows) => partsOf(app, rows)),
    ...chunks(tiles, ({ hashes }) => hashes.length).map((rows) => tilesOf(app, rows)),
  ];
}

function entriesOf(app: number, rows: readonly NewEntry[]): QueryConfig {
  return statements.insertEntries([
    app,
    bigints(rows.map((row) => row.seq)),
    texts(rows.map((row) => row.event_id)),
    bigints(rows.map((row) => row.created_at)),
    texts(rows.map((row) => row.header)),
    byteStrings(rows.map((row) => row.leaf_hash)),
    byteStrings(rows.map((row) => row.fingerprint)),
  ]);
}

function partsOf(app: number, rows: readonly (NewPart & { readonly seq: number })[]): QueryConfig {
  return statements.insertParts([
    app,
    bigints(rows.map((row) => row.seq)),
    texts(rows.map((row) => row.part)),
    byteStrings(rows.map((row) => row.salt)),
    texts(rows.map((row) => row.body)),
  ]);
}

function tilesOf(app: number, rows: readonly NewTile[]): QueryConfig {
  return statements.insertTiles([
    app,
    integers(rows.map((row) => row.level)),
    bigints(rows.map((row) => row.tile)),
    byteStrings(rows.map((row) => row.hashes)),
    byteStrings(rows.map((row) => row.root)),
  ]);
}

function chunks<T>(rows: readonly T[], weigh: (row: T) => number): T[][] {
  const all: T[][] = [];
  let chunk: T[] = [];
  let weight = 0;
  for (const row of rows) {
    if (chunk.length === ROWS_MAX || (chunk.length > 0 && weight + weigh(row) > CHARACTERS_MAX)) {
      all.push(chunk);
      chunk = [];
      weight = 0;
    }
    chunk.push(row);
    weight += weigh(row);
  }
  if (chunk.length > 0) all.push(chunk);
  return all;
}
