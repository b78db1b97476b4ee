import type { Kysely } from 'kysely';

import type { LedgerStore } from './port.ts';
import type { Tables } from './tables.ts';

/** Where the ledger is kept. Crosses to worker threads, so it is plain data. */
export type Database =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** As libpq takes it: postgres://user:password@host:port/database?sslmode=… */
  | { readonly kind: 'postgres'; readonly url: string };

export interface ReadOptions {
  /** Longest single statement, ms; only where the database is another process. */
  readonly statementTimeoutMs?: number;
}

/**
 * Keeps other servers away from an embedded database; a database server takes any number of them.
 * Throws `StoreFailure`.
 */
export async function holdDatabase(database: Database): Promise<{ release(): void }> {
  if (database.kind === 'postgres') return { release: () => undefined };
  const { holdFolder } = await import('./sqlite/hold.ts');
  return holdFolder(`${database.path}.lock`);
}

/** Opens the store for writing, making or migrating its tables. Throws `StoreFailure`. */
export async function openLedgerStore(database: Database): Promise<LedgerStore> {
  if (database.kind === 'postgres') {
    const { PostgresStore } = await import('./postgres/store.ts');
    return new PostgresStore({ url: database.url });
  }
  const { SqliteStore } = await import('./sqlite/store.ts');
  return new SqliteStore(database.path);
}

/** Opens connections for reading alone. */
export async function openReadStore(
  database: Database,
  { statementTimeoutMs }: ReadOptions = {},
): Promise<Kysely<Tables>> {
  if (database.kind === 'postgres') {
    const { openPostgresReader } = await import('./postgres/reader.ts');
    return openPostgresReader(database.url, statementTimeoutMs ? { statementTimeoutMs } : {});
  }
  const [{ kyselyOn }, { openReader }] = await Promise.all([
    import('./sqlite/dialect.ts'),
    import('./sqlite/open.ts'),
  ]);
  return kyselyOn(openReader(database.path));
}

/**
 * Starts the background upkeep of a store. `onLong` is called when the writer itself should tidy
 * (`LedgerStore.tidy`). PostgreSQL looks after itself.
 */
export async function startUpkeep(
  database: Database,
  onLong: (pages: number) => void,
): Promise<{ close(): void }> {
  if (database.kind === 'postgres') return { close: () => undefined };
  const { Checkpointer } = await import('./sqlite/checkpointer.ts');
  return new Checkpointer(database.path, onLong);
}

/** Where the ledger is, for people: never with a password. */
export function describeDatabase(database: Database): string {
  if (database.kind === 'sqlite') return database.path;
  try {
    const { host, pathname } = new URL(database.url);
    return `PostgreSQL ${host}${pathname}`;
  } catch {
    return 'PostgreSQL';
  }
}
