import type { Kysely } from 'kysely';

import type { LedgerStore } from './port.ts';
import { Checkpointer } from './sqlite/checkpointer.ts';
import { kyselyOn } from './sqlite/dialect.ts';
import { holdFolder } from './sqlite/hold.ts';
import { openReader } from './sqlite/open.ts';
import { SqliteStore } from './sqlite/store.ts';
import type { Tables } from './tables.ts';

/** Where the ledger is kept. Crosses to worker threads, so it is plain data. */
export interface Database {
  readonly kind: 'sqlite';
  readonly path: string;
}

/** Keeps other servers away from an embedded database. Throws `StoreFailure`. */
export function holdDatabase(database: Database): { release(): void } {
  return holdFolder(`${database.path}.lock`);
}

/** Opens the store for writing, making or migrating its tables. Throws `StoreFailure`. */
export function openLedgerStore(database: Database): LedgerStore {
  return new SqliteStore(database.path);
}

/** Opens a connection for reading alone. */
export function openReadStore(database: Database): Kysely<Tables> {
  return kyselyOn(openReader(database.path));
}

/**
 * Starts the background upkeep of a store. `onLong` is called when the writer itself should tidy
 * (`LedgerStore.tidy`).
 */
export function startUpkeep(
  database: Database,
  onLong: (pages: number) => void,
): { close(): void } {
  return new Checkpointer(database.path, onLong);
}
