import { StoreFailure } from '../port.ts';
import type { Link } from './link.ts';
import { MIGRATIONS } from './schema.ts';

/** Advisory locks of Affidavit are (class, number); the numbers of heads are those of their apps. */
export const LOCKS = { heads: 0x41464831, schema: 0x41464832, parts: 0x41464833 } as const;
const MIGRATION_WAIT_MS = 60_000;

async function readVersion(link: Link): Promise<number> {
  const found = await link.query("SELECT to_regclass('affidavit_schema') IS NOT NULL AS present");
  if (found.rows[0]?.present !== true) return 0;
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
    `BEGIN; SET LOCAL lock_timeout = ${MIGRATION_WAIT_MS}; SET LOCAL statement_timeout = 0`,
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
