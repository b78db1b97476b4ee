import { toBase64 } from '@affidavit/ledger';
import { sql, type Kysely } from 'kysely';

import type { Finding } from '../check/findings.ts';
import { checkLog } from '../check/log.ts';
import { checkpointOf } from '../prove/head.ts';
import { COPY_MARKER } from '../store/loader.ts';
import type { Database } from '../store/open.ts';
import type { Tables } from '../store/tables.ts';
import { pagesOf } from './pages.ts';
import { RowSum } from './row-sum.ts';
import { stateOf, TABLES, type CopyState } from './state.ts';
import { positionsOf, type Run } from './tables.ts';

/** The bulk. Without `full` these rows are counted, and the check of each log looks at them. */
const LARGE: ReadonlySet<keyof Tables> = new Set(['entries', 'parts', 'tiles', 'postings']);
/** Menus of values, made again from the index; U+0000 makes some the same in PostgreSQL. */
const FACETS = 'facet_values';
const TOLD_MAX = 20;

export interface CopiedLog {
  readonly app: number;
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
  /** Entries that were held against the checkpoints, with all their parts. */
  readonly entriesChecked: number;
}

export interface Copied extends Run {
  readonly target: Kysely<Tables>;
  readonly kind: Database['kind'];
  /** What was read from the source, by table. */
  readonly state: CopyState;
  readonly full?: boolean;
}

/**
 * Reads a copy again: holds it against what was read from the source, and each log, with its parts
 * and tiles, against its own checkpoint.
 */
export async function verifyCopy(copied: Copied): Promise<CopyVerdict> {
  const differences: string[] = [];
  for (const table of TABLES) {
    const difference = await compareTable(copied, table);
    if (difference) differences.push(difference);
  }
  const logs = await logsOf(copied.target);
  let entriesChecked = 0;
  for (const { app, app_id } of logs) {
    const { checked, broken } = await checkOne(copied, app);
    entriesChecked += checked;
    differences.push(...broken.map((finding) => `${app_id}: ${inWords(finding)}`));
  }
  return {
    differences: differences.slice(0, TOLD_MAX),
    logs,
    rows: Object.fromEntries(TABLES.map((table) => [table, stateOf(copied.state, table).rows])),
    entriesChecked,
  };
}

function checkOne({ target: db, kind, signal, onProgress }: Copied, app: number) {
  return checkLog(
    { db, kind, app },
    {
      max: TOLD_MAX,
      ...(signal ? { signal } : {}),
      onProgress: ({ checked: rows, total }) =>
        onProgress?.({ step: 'checking', table: 'parts', rows, share: rows / Math.max(total, 1) }),
    },
  );
}

const inWords = ({ seq, reason }: Finding): string =>
  seq === null ? reason : `entry ${seq}: ${reason}`;

/** What is different in a table, or null. */
async function compareTable(copied: Copied, table: keyof Tables): Promise<string | null> {
  const expected = stateOf(copied.state, table);
  const wanted = `${table}: ${expected.rows} rows were read`;
  if (table === FACETS || (LARGE.has(table) && copied.full !== true)) {
    const found = await countRows(copied.target, table);
    const isFit = table === FACETS ? found <= expected.rows : found === expected.rows;
    return isFit ? null : `${wanted}, the target has ${found}`;
  }
  const { rows, sum } = await sumRows(copied, table);
  if (rows !== expected.rows) return `${wanted}, the target has ${rows}`;
  return rows === 0 || sum === expected.sum ? null : `${table}: the target has other rows`;
}

async function sumRows(
  { target, signal, onProgress }: Copied,
  table: keyof Tables,
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

async function logsOf(db: Kysely<Tables>): Promise<CopiedLog[]> {
  const heads = await db
    .selectFrom('heads')
    .innerJoin('apps', 'apps.app', 'heads.app')
    .select(['heads.app', 'apps.app_id', 'heads.checkpoint'])
    .where('heads.size', '>', 0)
    .orderBy('heads.app')
    .execute();
  return heads.map(({ app, app_id, checkpoint }) => {
    const { origin, size, root } = checkpointOf(checkpoint);
    return { app, app_id, origin, size, root: toBase64(root) };
  });
}
