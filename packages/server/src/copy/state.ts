import { PRIMARY_KEYS, type Tables } from '../store/tables.ts';
import { CopyFailure } from './failure.ts';
import type { Key } from './pages.ts';

/** How far a table is. */
export interface TableState {
  readonly rows: number;
  /** Of those rows: see `RowSum`. */
  readonly sum: string;
  /** The key of the last row, from where it goes on. */
  readonly last: Key | null;
  readonly done: boolean;
}

/** What the marker in the target says: kept with every batch, so that a copy can go on. */
export interface CopyState {
  readonly v: 1;
  /** Names the ledger and its state: see `identify`. */
  readonly source: string;
  readonly tables: Readonly<Partial<Record<keyof Tables, TableState>>>;
}

export const TABLES = Object.keys(PRIMARY_KEYS) as readonly (keyof Tables)[];

const NOTHING: TableState = { rows: 0, sum: '', last: null, done: false };

export const stateOf = (state: CopyState, table: keyof Tables): TableState =>
  state.tables[table] ?? NOTHING;

export const withTable = (
  state: CopyState,
  table: keyof Tables,
  reached: TableState,
): CopyState => ({
  ...state,
  tables: { ...state.tables, [table]: reached },
});

export const formatState = (state: CopyState): string => JSON.stringify(state);

/** Throws `CopyFailure` for the marker of another version. */
export function parseState(text: string): CopyState {
  try {
    const state = JSON.parse(text) as CopyState;
    if (state.v === 1 && typeof state.source === 'string') return state;
  } catch {
    // Below.
  }
  throw new CopyFailure(
    'the target holds a copy that this version did not begin',
    'Finish it with the version that began it, or take an empty target.',
  );
}
