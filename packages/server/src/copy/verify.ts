import { randomInt } from 'node:crypto';

import { toBase64 } from '@affidavit/ledger';
import { sql, type Kysely } from 'kysely';

import { checkpointOf } from '../prove/head.ts';
import { COPY_MARKER } from '../store/loader.ts';
import type { Row } from '../store/port.ts';
import type { EntriesTable, HeadsTable, Tables } from '../store/tables.ts';
import { checkParts, LogCheck } from './check-log.ts';
import { pagesOf } from './pages.ts';
import { RowSum } from './row-sum.ts';
import { stateOf, TABLES, type CopyState } from './state.ts';
import { positionsOf, type Run } from './tables.ts';

/** Without `full` these are compared by their number of rows and a sample. */
const LARGE: ReadonlySet<keyof Tables> = new Set(['parts', 'postings']);
/** Menus of values, made again from the index; U+0000 makes some the same in PostgreSQL. */
const FACETS = 'facet_values';
const BLOCK = 500;
/** Blocks of entries of each log in the sample. */
const SAMPLES = 20;
const TOLD_MAX = 20;

export interface CopiedLog {
  readonly app_id: string;
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface CopyVerdict {
  /** What the target does not have as the source has it, in words. Empty: the copy is sound. */
  readonly differences: readonly string[];
  readonly logs: readonly CopiedLog[];
  readonly rows: Readonly<Partial<Record<keyof Tables, number>>>;
  /** Parts that were held against their commitments. */
  readonly partsChecked: number;
}

export interface Copied extends Run {
  readonly target: Kysely<Tables>;
  /** What was read from the source, by table. */
  readonly state: CopyState;
  readonly full?: boolean;
}

/**
 * Reads a copy again and holds it against what was read from the source, and against itself: the
 * rows of every table, the chain and the root of every log, its signature, and parts.
 */
export async function verifyCopy(copied: Copied): Promise<CopyVerdict> {
  const { target } = copied;
  const heads = await target.selectFrom('heads').selectAll().orderBy('app').execute();
  const checks = new Map(heads.map(({ app }) => [app, new LogCheck(app)]));
  const differences: string[] = [];
  for (const table of TABLES) {
    const onRow = (row: Row) => {
      if (table === 'entries') checks.get(row.app as number)?.add(row as unknown as EntriesTable);
    };
    const difference = await compareTable(copied, table, onRow);
    if (difference) differences.push(difference);
  }
  for (const head of heads) {
    differences.push(...((await checks.get(head.app)?.end(target, head)) ?? []));
  }
  const { checked, found } = await openParts(copied, heads);
  differences.push(...found);
  return {
    differences: differences.slice(0, TOLD_MAX),
    logs: await logsOf(target, heads),
    rows: Object.fromEntries(TABLES.map((table) => [table, stateOf(copied.state, table).rows])),
    partsChecked: checked,
  };
}

/** What is different in a table, or null. */
async function compareTable(
  copied: Copied,
  table: keyof Tables,
  onRow: (row: Row) => void,
): Promise<string | null> {
  const expected = stateOf(copied.state, table);
  const wanted = `${table}: ${expected.rows} rows were read`;
  if (table === FACETS || (LARGE.has(table) && copied.full !== true)) {
    const found = await countRows(copied.target, table);
    const isFit = table === FACETS ? found <= expected.rows : found === expected.rows;
    return isFit ? null : `${wanted}, the target has ${found}`;
  }
  const { rows, sum } = await sumRows(copied, table, onRow);
  if (rows !== expected.rows) return `${wanted}, the target has ${rows}`;
  return rows === 0 || sum === expected.sum ? null : `${table}: the target has other rows`;
}

async function sumRows(
  { target, signal, onProgress }: Copied,
  table: keyof Tables,
  onRow: (row: Row) => void,
): Promise<{ rows: number; sum: string }> {
  const positions = await positionsOf({ db: target });
  const sum = new RowSum();
  let count = 0;
  for await (const rows of pagesOf(target, table, null)) {
    signal?.throwIfAborted();
    for (const row of rows) {
      // The marker of this very copy.
      if (table === 'installation' && row.name === COPY_MARKER) continue;
      sum.add(row);
      onRow(row);
      count += 1;
    }
    onProgress?.({ step: 'checking', table, rows: count, share: positions(rows.at(-1)) });
  }
  return { rows: count, sum: `${sum}` };
}

async function countRows(db: Kysely<Tables>, table: keyof Tables): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM ${sql.table(table)}`.execute(db);
  return Number(rows[0]?.count);
}

async function openParts(
  { target, full, signal, onProgress }: Copied,
  heads: readonly HeadsTable[],
): Promise<{ checked: number; found: string[] }> {
  const found: string[] = [];
  let checked = 0;
  for (const { app, size } of heads) {
    for (const first of blocksOf(size, full === true)) {
      signal?.throwIfAborted();
      const block = await checkParts(target, app, first, Math.min(first + BLOCK, size));
      checked += block.checked;
      if (found.length < TOLD_MAX) found.push(...block.found);
      onProgress?.({ step: 'checking', table: 'parts', rows: checked, share: null });
    }
  }
  return { checked, found };
}

/** Where the blocks of entries begin that are looked at: all, or some by chance and the last. */
function blocksOf(size: number, full: boolean): number[] {
  const blocks = Math.ceil(size / BLOCK);
  const all = full || blocks <= SAMPLES;
  const numbers = all
    ? Array.from({ length: blocks }, (_, number) => number)
    : [...Array.from({ length: SAMPLES - 1 }, () => randomInt(blocks)), blocks - 1];
  return [...new Set(numbers)].map((number) => number * BLOCK);
}

async function logsOf(db: Kysely<Tables>, heads: readonly HeadsTable[]): Promise<CopiedLog[]> {
  const apps = await db.selectFrom('apps').select(['app', 'app_id']).execute();
  const ids = new Map(apps.map(({ app, app_id }) => [app as number, app_id]));
  return heads
    .filter((head) => head.checkpoint !== '')
    .map((head) => {
      const { origin, size, root } = checkpointOf(head.checkpoint);
      return { app_id: ids.get(head.app) ?? `${head.app}`, origin, size, root: toBase64(root) };
    });
}
