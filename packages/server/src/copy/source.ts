import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { sql, type Kysely } from 'kysely';

import { GUARD_FILE, type Place } from '../config/place.ts';
import { findRollbacks, readGuard } from '../sequence/rollback-guard.ts';
import { COPY_MARKER } from '../store/loader.ts';
import {
  describeDatabase,
  holdDatabase,
  newestSchema,
  openReadStore,
  readSchema,
  type Database,
} from '../store/open.ts';
import type { Tables } from '../store/tables.ts';
import { CopyFailure, unlessTaken } from './failure.ts';

/** A statement over a whole table may take long. */
export const STATEMENT_MS = 3_600_000;
/** A process that was seen this lately is alive (see `startup/peers.ts`). */
const ALIVE_MS = 12_000;

/** A ledger that nobody writes, opened for reading alone. */
export interface Source {
  readonly db: Kysely<Tables>;
  /** Names the ledger and its state: see `identify`. */
  readonly identity: string;
  close(): Promise<void>;
}

/**
 * Opens a ledger that is to be copied. Throws `CopyFailure` where a server runs on it, and where
 * it is not what was signed last; `StoreFailure` where it cannot be read.
 */
export async function openSource(place: Place): Promise<Source> {
  const { database } = place;
  if (database.kind === 'sqlite' && !existsSync(database.path)) {
    throw new CopyFailure(`there is no ledger at ${database.path}`, 'Look at the name of --from.');
  }
  const hold = await unlessTaken(() => holdDatabase(database), 'Stop it, then copy.');
  let db: Kysely<Tables> | null = null;
  try {
    db = await openReadStore(database, { statementTimeoutMs: STATEMENT_MS, careful: true });
    await assertFit(database, db);
    await assertSignedLast(place, db);
    const identity = await identify(db);
    const opened = db;
    const close = async () => {
      await opened.destroy();
      hold.release();
    };
    return { db, identity, close };
  } catch (error) {
    await db?.destroy();
    hold.release();
    throw error;
  }
}

async function assertFit(database: Database, db: Kysely<Tables>): Promise<void> {
  const [found, newest] = [await readSchema(database, db), await newestSchema(database)];
  if (found !== newest) {
    throw new CopyFailure(
      `${describeDatabase(database)} has tables of version ${found}, this Affidavit has ${newest}`,
      'Start this version of the server on it once, and stop it: that brings the tables up.',
    );
  }
  await assertNoServer(database, db);
  const marker = db.selectFrom('installation').select('name').where('name', '=', COPY_MARKER);
  if ((await marker.execute()).length > 0) {
    throw new CopyFailure(
      `${describeDatabase(database)} is itself a copy that has not ended`,
      'Finish that copy first, or copy from where it came from.',
    );
  }
}

async function assertNoServer(database: Database, db: Kysely<Tables>): Promise<void> {
  if (database.kind === 'sqlite') return;
  const { rows } = await sql`SELECT process_id FROM processes
    WHERE seen_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - ${ALIVE_MS}::bigint`.execute(
    db,
  );
  if (rows.length === 0) return;
  throw new CopyFailure(
    `${rows.length} server process(es) run on ${describeDatabase(database)}`,
    `Stop them. One that was killed counts as running for ${ALIVE_MS / 1000} seconds.`,
  );
}

/** A restored backup must not become the ledger by way of a copy. */
async function assertSignedLast({ folder }: Place, db: Kysely<Tables>): Promise<void> {
  if (folder === null) return;
  const path = join(folder, GUARD_FILE);
  const [first] = await findRollbacks(db, readGuard(path));
  if (first === undefined) return;
  const { app_id, signed_size, found_size } = first;
  throw new CopyFailure(
    `the ledger is not the one that was signed last: ${app_id} was signed up to ${signed_size} ` +
      `entries, the database has ${found_size} (${path})`,
    'Bring the right database back, or start the server on it with --accept-rollback first.',
  );
}

/**
 * Names a ledger in the state it is in: its keys, and all its heads. Whatever happens to a ledger
 * leaves an entry, so that a ledger with the same heads holds the same.
 */
export async function identify(db: Kysely<Tables>): Promise<string> {
  const keys = await db
    .selectFrom('signing_keys')
    .select(['app', 'from_size', 'verifier_key'])
    .orderBy('app')
    .orderBy('from_size')
    .execute();
  const heads = await db
    .selectFrom('heads')
    .select(['app', 'size', 'checkpoint'])
    .orderBy('app')
    .execute();
  return createHash('sha256')
    .update(JSON.stringify([keys, heads]))
    .digest('hex');
}
