import { sql, type Kysely } from 'kysely';

import type { Tables } from '../tables.ts';

/**
 * Work that one process does for all, and which processes are alive. Time is the database's, so
 * that the clocks of the processes do not matter.
 */
export interface LeaseTables {
  leases: { name: string; holder: string; expires_at: number };
  processes: { process_id: string; seen_at: number };
}

const NOW = sql<number>`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;

/** Whether `holder` has the lease for `ttl` ms from now: it was free, expired, or its own. */
export async function takeLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
  ttl: number,
): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO leases AS held (name, holder, expires_at)
    VALUES (${name}, ${holder}, ${NOW} + ${ttl}::bigint)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE held.holder = excluded.holder OR held.expires_at <= ${NOW}
    RETURNING name`.execute(db);
  return rows.length === 1;
}

/** Whether the lease was still the holder's; then it is for `ttl` ms more. */
export async function renewLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
  ttl: number,
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE leases SET expires_at = ${NOW} + ${ttl}::bigint
    WHERE name = ${name} AND holder = ${holder} AND expires_at > ${NOW}
    RETURNING name`.execute(db);
  return rows.length === 1;
}

/** Whether the lease is the holder's for `remaining` ms more. */
export async function holdsLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
  remaining: number,
): Promise<boolean> {
  const { rows } = await sql`
    SELECT name FROM leases
    WHERE name = ${name} AND holder = ${holder} AND expires_at > ${NOW} + ${remaining}::bigint`.execute(
    db,
  );
  return rows.length === 1;
}

/** Gives a lease back; nothing happens where it is another's. */
export async function releaseLease(
  db: Kysely<Tables>,
  name: string,
  holder: string,
): Promise<void> {
  await sql`DELETE FROM leases WHERE name = ${name} AND holder = ${holder}`.execute(db);
}

/** Says that a process is alive. */
export async function seen(db: Kysely<Tables>, process: string): Promise<void> {
  await sql`
    INSERT INTO processes (process_id, seen_at) VALUES (${process}, ${NOW})
    ON CONFLICT (process_id) DO UPDATE SET seen_at = excluded.seen_at`.execute(db);
}

/** Processes that said so last more than `olderThanMs` ago. */
export async function deadProcesses(db: Kysely<Tables>, olderThanMs: number): Promise<string[]> {
  const { rows } = await sql<{ process_id: string }>`
    SELECT process_id FROM processes WHERE seen_at < ${NOW} - ${olderThanMs}::bigint
    ORDER BY process_id`.execute(db);
  return rows.map((row) => row.process_id);
}

/** Says that a process has ended: what it left open can be closed at once. */
export async function retire(db: Kysely<Tables>, process: string): Promise<void> {
  await sql`UPDATE processes SET seen_at = 0 WHERE process_id = ${process}`.execute(db);
}

/** Forgets a process: one that ended in order, or whose calls have been closed. */
export async function forgetProcess(db: Kysely<Tables>, process: string): Promise<void> {
  await sql`DELETE FROM processes WHERE process_id = ${process}`.execute(db);
}
