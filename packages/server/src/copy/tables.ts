import type { Loader } from '../store/loader.ts';
import type { Row } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';
import { keyOf, pagesOf } from './pages.ts';
import { RowSum } from './row-sum.ts';
import type { Source } from './source.ts';
import { formatState, stateOf, TABLES, withTable, type CopyState } from './state.ts';

export interface CopyProgress {
  readonly step: 'copying' | 'checking';
  readonly table: keyof Tables;
  /** Rows of this table so far. */
  readonly rows: number;
  /** How much of the table that is, 0 to 1, by the position of the entry; null where it has none. */
  readonly share: number | null;
}

export interface Run {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** Copies what an earlier run has not, a batch at a time; resolves to the state at the end. */
export async function copyTables(
  source: Source,
  loader: Loader,
  begun: CopyState,
  run: Run,
): Promise<CopyState> {
  const positions = await positionsOf(source);
  let state = begun;
  for (const table of TABLES) {
    const before = stateOf(state, table);
    if (before.done) continue;
    const sum = new RowSum(before.sum);
    let { rows: count, last } = before;
    const keep = async (rows: readonly Row[], done: boolean) => {
      for (const row of rows) sum.add(row);
      const end = rows.at(-1);
      count += rows.length;
      if (end) last = keyOf(table, end);
      state = withTable(state, table, { rows: count, sum: `${sum}`, last, done });
      await loader.load({ table, rows, marker: formatState(state) });
      const share = done ? 1 : positions(end);
      run.onProgress?.({ step: 'copying', table, rows: count, share });
    };
    for await (const rows of ahead(pagesOf(source.db, table, before.last))) {
      run.signal?.throwIfAborted();
      await keep(rows, false);
    }
    await keep([], true);
  }
  return state;
}

/** Reads one page ahead, while the last one is being written. */
async function* ahead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = pages.next();
  for (;;) {
    const { value, done } = await next;
    if (done) return;
    next = pages.next();
    // Whoever stops taking pages never hears of it.
    next.catch(() => undefined);
    yield value;
  }
}

/** How far a row of a log is among all entries of all logs, 0 to 1. */
export async function positionsOf({
  db,
}: Pick<Source, 'db'>): Promise<(row: Row | undefined) => number | null> {
  const heads = await db.selectFrom('heads').select(['app', 'size']).orderBy('app').execute();
  const total = heads.reduce((sum, { size }) => sum + size, 0);
  return (row) => {
    if (typeof row?.app !== 'number' || typeof row.seq !== 'number') return null;
    const { app, seq } = row;
    const before = heads.reduce((sum, head) => (head.app < app ? sum + head.size : sum), 0);
    return (before + seq + 1) / Math.max(total, 1);
  };
}
