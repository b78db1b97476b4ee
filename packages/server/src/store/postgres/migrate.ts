import { StoreFailure } from '../port.ts';
import type { Link } from './link.ts';
import { MIGRATIONS } from './schema.ts';

/** Advisory locks of Affidavit are (class, number); the numbers of heads are those of their apps. */
export const LOCKS = { heads: 0x41464831, schema: 0x41464832, parts: 0x41464833 } as const;
const MIGRATION_WAIT_MS = 60_000;

/**
 * Whether a table of our own schema is there. Asks the catalog itself: `to_regclass` answers from
 * a cache that does not hear of what was committed while this transaction waited for a lock.
 */
export async function hasTable(link: Link, name: string): Promise<boolean> {
  const { rows } = await link.query({
    text: `SELECT 1 FROM pg_catalog.pg_class
      WHERE relname = $1 AND relnamespace = current_schema()::regnamespace`,
    values: [name],
  });
  return rows.length > 0;
}

async function readVersion(link: Link): Promise<number> {
  if (!(await hasTable(link, 'affidavit_schema'))) return 0;
  const { rows } = await link.query('SELECT max(version) AS version FROM affidavit_schema');
  return Number(rows[0]?.version ?? 0);
}

function assertKnown(version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new StoreFailure(
    'damaged',
    `the database was written by a newer Affidavit (schema ${version}, this one knows ${MIGRATIONS.length})`,
  );
}

/**
 * Brings the tables to the newest version, one process at a time, all steps or none. Throws
 * `StoreFailure` for a database of a newer Affidavit, and what PostgreSQL throws.
 */
export async function migrate(link: Link): Promise<void> {
  const version = await readVersion(link);
  assertKnown(version);
  if (version === MIGRATIONS.length) return;
  await link.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = ${MIGRATION_WAIT_MS}; SET LOCAL statement_timeout = 0`,
  );
  await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.schema}, 0)`);
  const locked = await readVersion(link);
  assertKnown(locked);
  await link.query(
    'CREATE TABLE IF NOT EXISTS affidavit_schema (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  for (let step = locked; step < MIGRATIONS.length; step++) {
    await link.query(MIGRATIONS[step] as string);
    await link.query(`INSERT INTO affidavit_schema (version) VALUES (${step + 1})`);
  }
  await link.query('COMMIT');
}
