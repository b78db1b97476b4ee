import { existsSync } from 'node:fs';

import { ConfigError } from '../config/config.ts';
import { parsePlace } from '../config/place.ts';
import {
  describeDatabase,
  holdDatabase,
  openLedgerStore,
  openReadStore,
  readSchema,
  type Database,
} from '../store/open.ts';
import type { Administered } from '../store/postgres/administer.ts';

export interface MigrateOptions {
  /** `sqlite:FOLDER` or a URL of PostgreSQL, of a role that owns the tables or may make them. */
  readonly to: string;
  /** A role of PostgreSQL that servers connect as and that owns nothing. */
  readonly grant?: string;
}

export interface MigrateReport extends Administered {
  /** For people: never with a password. */
  readonly database: string;
}

/**
 * Makes or brings up the tables of a ledger ahead of its servers, as their owner: see
 * `administer`. Throws `ConfigError` and `StoreFailure`.
 */
export async function migrateLedger({ to, grant }: MigrateOptions): Promise<MigrateReport> {
  const { database } = parsePlace('--to', to, null);
  if (database.kind === 'sqlite' && grant !== undefined) {
    throw new ConfigError('--grant: a file has no roles');
  }
  const done =
    database.kind === 'postgres'
      ? await administerPostgres(database.url, grant)
      : await bringUpFile(database);
  return { database: describeDatabase(database), ...done };
}

async function administerPostgres(url: string, role: string | undefined): Promise<Administered> {
  const { administer } = await import('../store/postgres/administer.ts');
  return administer(url, role ?? null);
}

async function bringUpFile(database: Extract<Database, { kind: 'sqlite' }>): Promise<Administered> {
  if (!existsSync(database.path)) throw new ConfigError(`--to: there is no ${database.path}`);
  const hold = await holdDatabase(database);
  try {
    const before = await versionOf(database);
    await (await openLedgerStore(database)).close();
    return { before, after: await versionOf(database), distributed: null };
  } finally {
    hold.release();
  }
}

async function versionOf(database: Database): Promise<number> {
  const db = await openReadStore(database);
  try {
    return await readSchema(database, db);
  } finally {
    await db.destroy();
  }
}
