import { StoreFailure } from '../port.ts';
import { PRIMARY_KEYS, type Tables } from '../tables.ts';
import type { Link } from './link.ts';

/**
 * The same tables on a Citus cluster: whatever belongs to an app is on one machine, by the number
 * of the app, so that a batch of one log is one transaction there. `affidavit migrate` distributes;
 * a server only finds it done.
 */

const MAJOR_MIN = 12;

/** Small tables that are looked up before the app is known: whole on every machine. */
const EVERYWHERE: ReadonlySet<string> = new Set<keyof Tables>(['apps', 'api_keys', 'installation']);

const TABLES = Object.keys(PRIMARY_KEYS) as (keyof Tables)[];

/** All others are cut up by `app`, which every key of theirs begins with. */
export const BY_APP = TABLES.filter((table) => !EVERYWHERE.has(table));
/** What the tables of one app are kept together with. */
const TOGETHER_WITH: keyof Tables = 'heads';

/**
 * For the sessions of a writer: what it sets for a transaction (locks, deadlines, the sweep) holds
 * on the machine that does the work too, and partitions are made with their guards.
 */
export const CITUS_SETTINGS = `
  SET citus.propagate_set_commands = 'local';
  SET citus.enable_unsafe_triggers = on`;

const PLACED = `SELECT c.relname AS name FROM pg_dist_partition p
  JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
  WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition`;

const WORKERS = `SELECT nodename || ':' || nodeport AS node, success, result
  FROM run_command_on_workers($$SELECT current_setting('fsync') || ' ' ||
    current_setting('synchronous_commit') || ' ' || current_setting('citus.enable_unsafe_triggers')$$)`;

/** Tables of ours that are distributed; none on a database that merely has the extension. */
export async function placedTables(link: Link): Promise<ReadonlySet<string>> {
  const { rows } = await link.query(PLACED);
  return new Set((rows as { name: string }[]).map(({ name }) => name));
}

/**
 * For a writer that connects. Throws `StoreFailure` for a cluster of which only some tables are
 * distributed, or that is unsound. A machine that does not answer costs the apps that are on it
 * their writes, and no others theirs.
 */
export async function assertDistributed(link: Link): Promise<void> {
  const placed = await placedTables(link);
  if (placed.size === 0) return;
  const missing = TABLES.filter((table) => !placed.has(table));
  if (missing.length > 0) {
    throw new StoreFailure(
      'damaged',
      `not distributed yet: ${missing.join(', ')}; run affidavit migrate on this database`,
    );
  }
  assertWorkers((await readWorkers(link)).filter(({ success }) => success));
}

interface WorkerSettings {
  readonly node: string;
  readonly success: boolean;
  readonly result: string;
}

async function readWorkers(link: Link): Promise<readonly WorkerSettings[]> {
  return (await link.query(WORKERS)).rows as WorkerSettings[];
}

/** What is durable on the coordinator must be so on every machine. */
function assertWorkers(workers: readonly WorkerSettings[]): void {
  for (const { node, result } of workers) {
    const [fsync, synchronous = '', triggers] = result.split(' ');
    if (fsync !== 'on' || ['off', 'local'].includes(synchronous)) {
      const found = `fsync = ${fsync}, synchronous_commit = ${synchronous}`;
      throw new StoreFailure('io_error', `${node} runs with ${found}: nothing is durable there`);
    }
    if (triggers !== 'on') {
      throw new StoreFailure(
        'damaged',
        `${node} needs citus.enable_unsafe_triggers = on, for the guards of the ledger: set it on ` +
          'every machine by ALTER SYSTEM and SELECT pg_reload_conf()',
      );
    }
  }
}

/**
 * Distributes the tables that are not; resolves to their names. A step at a time: one that was
 * interrupted is gone on with by the next run. Throws `StoreFailure`.
 */
export async function distribute(link: Link, version: string): Promise<string[]> {
  if (Number.parseInt(version, 10) < MAJOR_MIN) {
    throw new StoreFailure(
      'damaged',
      `Affidavit needs Citus ${MAJOR_MIN} or later, not ${version}`,
    );
  }
  const workers = await readWorkers(link);
  const silent = workers.find(({ success }) => !success);
  if (silent) {
    throw new StoreFailure(
      'unreachable',
      `the machine ${silent.node} of the cluster does not answer`,
    );
  }
  assertWorkers(workers);
  const placed = await placedTables(link);
  if (placed.size === 0) await assertEmpty(link);
  const missing = TABLES.filter((table) => !placed.has(table)).sort(byPlacement);
  // The lock on a head is refused on a table with more than one copy of each shard.
  await link.query('SET citus.shard_replication_factor = 1');
  for (const table of missing) await place(link, table);
  return missing;
}

/** Those that are everywhere first, then the one that the others are kept together with. */
function byPlacement(one: keyof Tables, other: keyof Tables): number {
  const rank = (table: keyof Tables) =>
    EVERYWHERE.has(table) ? 0 : table === TOGETHER_WITH ? 1 : 2;
  return rank(one) - rank(other);
}

/**
 * Citus moves rows to the shards and leaves them in the old table too, where nobody sees them: they
 * are taken away there.
 */
async function place(link: Link, table: keyof Tables): Promise<void> {
  const hadRows = await hasRows(link, table);
  await move(link, table);
  if (!hadRows) return;
  const text = 'SELECT truncate_local_data_after_distributing_table($1::regclass)';
  await link.query({ text, values: [table] });
}

async function hasRows(link: Link, table: keyof Tables): Promise<boolean> {
  const { rows } = await link.query(`SELECT 1 FROM ${table} LIMIT 1`);
  return rows.length > 0;
}

async function move(link: Link, table: keyof Tables): Promise<void> {
  if (EVERYWHERE.has(table)) {
    await link.query({ text: 'SELECT create_reference_table($1::regclass)', values: [table] });
  } else if (table === TOGETHER_WITH) {
    const text = `SELECT create_distributed_table($1::regclass, 'app', colocate_with => 'none')`;
    await link.query({ text, values: [table] });
  } else {
    const text = `SELECT create_distributed_table($1::regclass, 'app', colocate_with => $2)`;
    await link.query({ text, values: [table, TOGETHER_WITH] });
  }
}

/** The guards keep the tables of a ledger from being emptied, so that it could not be moved whole. */
async function assertEmpty(link: Link): Promise<void> {
  for (const table of ['heads', 'apps', 'installation'] as const) {
    if (!(await hasRows(link, table))) continue;
    throw new StoreFailure(
      'locked',
      'the database holds a ledger already, and only an empty one is distributed: make another ' +
        'database, run affidavit migrate on that, and affidavit copy from this one into it',
    );
  }
}
