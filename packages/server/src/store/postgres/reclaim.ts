import type { Reclaimed } from '../port.ts';
import { isDatabaseError, toStoreFailure } from './failure.ts';
import { Link } from './link.ts';
import { PARTITION_ENTRIES } from './parts.ts';

/**
 * Gives back what removed parts took: a partition that is empty and that every app is past is
 * dropped, any other is vacuumed. On a connection of its own, so that no write waits for it.
 *
 * PostgreSQL does not zero what it frees; its write-ahead log, its replicas and backups keep what
 * was removed until they are recycled themselves.
 */

/** Dropping locks out all readers and writers of `parts`: it waits no longer than this for them. */
const LOCK_MS = 300;
const VACUUM_MS = 600_000;

/** A vacuum rests now and then, as autovacuum does. */
const SETTINGS = `SET statement_timeout = ${VACUUM_MS}; SET lock_timeout = ${LOCK_MS};
  SET vacuum_cost_delay = '2ms'; SET synchronous_commit = off`;

interface Partition {
  readonly index: number;
  /** Rows that were removed, as far as PostgreSQL's statistics have heard. */
  readonly dead: number;
}

/** Steps are partitions, in their order. Throws `StoreFailure`. */
export async function reclaimPartition(url: string, step: number): Promise<Reclaimed> {
  const link = await Link.open(url, 'affidavit upkeep');
  try {
    await link.query(SETTINGS);
    const [partition, ...others] = await partitionsFrom(link, step);
    if (!partition) return { next: null, busy: false };
    const next = others.length > 0 ? partition.index + 1 : null;
    const done = await tidy(link, partition);
    return done ? { next, busy: false } : { next: step, busy: true };
  } catch (error) {
    throw isDatabaseError(error) ? toStoreFailure(error) : error;
  } finally {
    await link.close();
  }
}

async function partitionsFrom(link: Link, first: number): Promise<Partition[]> {
  const { rows } = await link.query({
    text: `SELECT substring(c.relname FROM '\\d+$')::bigint AS index,
        coalesce(s.n_dead_tup, 0) AS dead
      FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      LEFT JOIN pg_catalog.pg_stat_user_tables s ON s.relid = c.oid
      WHERE i.inhparent = 'parts'::regclass AND c.relname ~ '^parts_p\\d+$'`,
  });
  return (rows as Partition[])
    .filter(({ index }) => index >= first)
    .toSorted((a, b) => a.index - b.index);
}

/** False where others are in the way. */
async function tidy(link: Link, { index, dead }: Partition): Promise<boolean> {
  if (await isPast(link, index)) return drop(link, index);
  // Of a table that is another's it says so and does nothing: autovacuum comes round to it.
  if (dead > 0) await link.query(`VACUUM parts_p${index}`);
  return true;
}

/** Whether all apps are past it, and nothing is left in it. New apps begin in the first one. */
async function isPast(link: Link, index: number): Promise<boolean> {
  if (index === 0) return false;
  const [first, end] = [index * PARTITION_ENTRIES, (index + 1) * PARTITION_ENTRIES];
  const heads = await link.query('SELECT min(size) AS size FROM heads');
  const { size } = heads.rows[0] as { size: number | null };
  if (size === null || size < end) return false;
  const text = 'SELECT 1 FROM parts WHERE seq >= $1 AND seq < $2 LIMIT 1';
  return (await link.query({ text, values: [first, end] })).rows.length === 0;
}

async function drop(link: Link, index: number): Promise<boolean> {
  try {
    const values = [index, PARTITION_ENTRIES];
    await link.query({ text: 'SELECT affidavit_drop_parts($1, $2)', values });
    return true;
  } catch (error) {
    const failure = toStoreFailure(error);
    if (failure.reason !== 'locked') throw failure;
    return false;
  }
}
