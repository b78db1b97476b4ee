import { StoreFailure } from '../port.ts';
import { assertDistributed, placedTables } from './citus.ts';
import { databaseCode } from './failure.ts';
import type { Link } from './link.ts';
import { MIGRATIONS } from './schema.ts';

/**
 * Advisory locks of Affidavit are (class, number); the numbers of heads are those of their apps.
 * The class 0x41464833 is of `affidavit_make_parts`.
 */
export const LOCKS = { heads: 0x41464831, schema: 0x41464832 } as const;
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
 * Makes sure of tables of the newest version, for a writer that connects. The tables of a cluster
 * are for `affidavit migrate` alone. Throws `StoreFailure` for a database of a newer Affidavit, and
 * where the role may not do what is to be done; and what PostgreSQL throws.
 */
export async function migrate(link: Link, onCitus: boolean): Promise<void> {
  const version = await readVersion(link);
  if (onCitus && version < MIGRATIONS.length && (await placedTables(link)).size > 0) {
    throw new StoreFailure('damaged', `${behind(version)}; run affidavit migrate on this cluster`);
  }
  await bringUp(link);
  if (onCitus) await assertDistributed(link);
}

const behind = (version: number) =>
  `the tables are of version ${version}, this Affidavit needs ${MIGRATIONS.length}`;

/**
 * Brings the tables to the newest version, one process at a time, all steps or none. Resolves to
 * the version there was and the one there is.
 */
export async function bringUp(link: Link): Promise<readonly [number, number]> {
  const version = await readVersion(link);
  assertKnown(version);
  if (version < MIGRATIONS.length) {
    try {
      await runSteps(link);
    } catch (error) {
      if (databaseCode(error) !== '42501') throw error;
      const advice = 'and the role may not change them: run affidavit migrate as their owner';
      throw new StoreFailure('read_only', `${behind(version)}, ${advice}`, { cause: error });
    }
  }
  return [version, MIGRATIONS.length];
}

/**
 * The statements of a step, one by one: Citus takes a message with several for one of them, and
 * says "cannot execute multiple utility events".
 */
export function statementsOf(step: string): string[] {
  const parts = step.match(/(?:\$(\w*)\$[^]*?\$\1\$|'[^']*'|--[^\n]*|[^;])+/g) ?? [];
  return parts.map((text) => text.trim()).filter((text) => text !== '');
}

async function runSteps(link: Link): Promise<void> {
  await link.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  await link.query(`SET LOCAL lock_timeout = ${MIGRATION_WAIT_MS}`);
  await link.query('SET LOCAL statement_timeout = 0');
  await link.query("SET LOCAL citus.multi_shard_modify_mode = 'sequential'");
  await link.query(`SELECT pg_advisory_xact_lock(${LOCKS.schema}, 0)`);
  const locked = await readVersion(link);
  assertKnown(locked);
  await link.query(
    'CREATE TABLE IF NOT EXISTS affidavit_schema (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  for (let step = locked; step < MIGRATIONS.length; step++) {
    for (const text of statementsOf(MIGRATIONS[step] as string)) await link.query(text);
    await link.query(`INSERT INTO affidavit_schema (version) VALUES (${step + 1})`);
  }
  await link.query('COMMIT');
}
