import { sql, type Kysely } from 'kysely';

import type { Loader } from './loader.ts';
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
  /** Distrusts the file: for who looks for damage in it. */
  readonly careful?: boolean;
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
  { statementTimeoutMs, careful = false }: ReadOptions = {},
): Promise<Kysely<Tables>> {
  if (database.kind === 'postgres') {
    const { openPostgresReader } = await import('./postgres/reader.ts');
    return openPostgresReader(database.url, statementTimeoutMs ? { statementTimeoutMs } : {});
  }
  const [{ kyselyOn }, { openReader }] = await Promise.all([
    import('./sqlite/dialect.ts'),
    import('./sqlite/open.ts'),
  ]);
  return kyselyOn(openReader(database.path, careful));
}

/** Opens a database to be filled from another, making its tables. Throws `StoreFailure`. */
export async function openLoader(database: Database): Promise<Loader> {
  if (database.kind === 'postgres') {
    const { PostgresLoader } = await import('./postgres/loader.ts');
    return PostgresLoader.open(database.url);
  }
  const { SqliteLoader } = await import('./sqlite/loader.ts');
  return new SqliteLoader(database.path);
}

/** The version of the tables in a database: how many steps made them. */
export async function readSchema(database: Database, db: Kysely<Tables>): Promise<number> {
  if (database.kind === 'postgres') {
    const { rows } = await sql<{ version: number | null }>`
      SELECT max(version) AS version FROM affidavit_schema`.execute(db);
    return rows[0]?.version ?? 0;
  }
  const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(db);
  return rows[0]?.user_version ?? 0;
}

/** The version that this program writes. */
export async function newestSchema({ kind }: Database): Promise<number> {
  const { MIGRATIONS } =
    kind === 'postgres' ? await import('./postgres/schema.ts') : await import('./sqlite/schema.ts');
  return MIGRATIONS.length;
}

/**
 * What is wrong with a database before its contents are looked at: with the file, of which all is
 * read, and with the tables and what guards them. In words; nothing where all is right.
 */
export async function databaseTroubles(
  { kind }: Database,
  db: Kysely<Tables>,
): Promise<readonly string[]> {
  if (kind === 'postgres') return (await import('./postgres/soundness.ts')).schemaTroubles(db);
  const { fileTroubles, schemaTroubles } = await import('./sqlite/soundness.ts');
  return [...(await schemaTroubles(db)), ...(await fileTroubles(db))];
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
