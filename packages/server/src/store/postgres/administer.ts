import { StoreFailure } from '../port.ts';
import { PRIMARY_KEYS, type Tables } from '../tables.ts';
import { distribute } from './citus.ts';
import { timedOut, toStoreFailure } from './failure.ts';
import { Link } from './link.ts';
import { bringUp } from './migrate.ts';
import { prepareSession } from './writer-link.ts';

/** Distributing may have to wait for every machine. */
const RUN_MS = 1_800_000;

export interface Administered {
  /** Versions of the tables. */
  readonly before: number;
  readonly after: number;
  /** Tables that were distributed by this run; null where there is no Citus. */
  readonly distributed: readonly string[] | null;
}

/**
 * What the owner of the tables does: brings them up, distributes them where the database is the
 * coordinator of a Citus cluster, and lets a role work on them that does not own them.
 */
export async function administer(url: string, role: string | null): Promise<Administered> {
  const link = await Link.open(url, 'affidavit migrate');
  const watchdog = setTimeout(() => link.destroy(timedOut()), RUN_MS);
  try {
    const { citus } = await prepareSession(link);
    await link.query('SET statement_timeout = 0');
    const [before, after] = await bringUp(link);
    const distributed = citus === null ? null : await distribute(link, citus);
    if (role !== null) await grant(link, role);
    await link.close();
    return { before, after, distributed };
  } catch (error) {
    const failure = link.lost ?? toStoreFailure(error);
    link.destroy(failure);
    throw failure;
  } finally {
    clearTimeout(watchdog);
  }
}

/** What a server needs of each table; the guards stand above that. */
const RIGHTS: Readonly<Partial<Record<keyof Tables, string>>> = {
  entries: 'SELECT, INSERT',
  tiles: 'SELECT, INSERT',
  heads: 'SELECT, INSERT, UPDATE',
  parts: 'SELECT, INSERT, DELETE',
  removals: 'SELECT, INSERT, UPDATE',
};
const ALL_RIGHTS = 'SELECT, INSERT, UPDATE, DELETE';

async function grant(link: Link, role: string): Promise<void> {
  const { rows } = await link.query({
    text: `SELECT quote_ident(rolname) AS role, quote_ident(current_schema()) AS schema
      FROM pg_catalog.pg_roles WHERE rolname = $1`,
    values: [role],
  });
  const [found] = rows as { role: string; schema: string }[];
  if (!found) throw new StoreFailure('damaged', `there is no role called ${role}`);
  const tables = Object.keys(PRIMARY_KEYS) as (keyof Tables)[];
  const statements = [
    `GRANT USAGE ON SCHEMA ${found.schema} TO ${found.role}`,
    `GRANT SELECT ON affidavit_schema TO ${found.role}`,
    `GRANT ${ALL_RIGHTS} ON leases, processes TO ${found.role}`,
    `GRANT EXECUTE ON FUNCTION affidavit_make_parts(bigint, bigint) TO ${found.role}`,
    `GRANT EXECUTE ON FUNCTION affidavit_drop_parts(bigint, bigint) TO ${found.role}`,
    ...tables.map((table) => `GRANT ${RIGHTS[table] ?? ALL_RIGHTS} ON ${table} TO ${found.role}`),
  ];
  for (const text of statements) await link.query(text);
}
