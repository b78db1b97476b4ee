import { newId } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { LEASE_MS } from '../duties/duties.ts';
import { INDEXING } from '../indexing/index-feed.ts';
import { Indexer } from '../indexing/indexer.ts';
import { writeIndexPages } from '../indexing/write.ts';
import { holdDatabase, openLedgerStore, openReadStore, type Database } from '../store/open.ts';
import { StoreFailure } from '../store/port.ts';
import type { Tables } from '../store/tables.ts';
import { FsckFailure } from './fsck.ts';

/** The longest step, ms. */
const STEP_MS = 60_000;
/** Steps after which the embedded store tidies. */
const TIDY_STEPS = 100;

/** Where derived rows are written, by this process alone. */
interface IndexWriter {
  write(step: (db: Kysely<Tables>) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface RepairOptions {
  readonly database: Database;
  readonly signal?: AbortSignal;
  /** Called before each app. */
  readonly onApp?: (appId: string) => void;
}

/**
 * Drops the index of every log and makes it again from the records. The ledger itself is not
 * touched. Throws `FsckFailure` where a server runs: it would go on with what it knows of the old
 * index. Interrupted, it leaves an index that is short, and that the server completes.
 */
export async function repairIndex({ database, signal, onApp }: RepairOptions): Promise<void> {
  const writer = await openWriter(database);
  const db = await openReadStore(database);
  try {
    const apps = await db.selectFrom('apps').select(['app', 'app_id']).orderBy('app').execute();
    for (const { app, app_id } of apps) {
      signal?.throwIfAborted();
      onApp?.(app_id);
      await drop(writer, db, app);
      const indexer = new Indexer({
        db,
        write: async (step) => {
          signal?.throwIfAborted();
          await writer.write((at) => writeIndexPages(at, step));
        },
      });
      await indexer.catchUp(app);
    }
  } finally {
    await db.destroy();
    await writer.close();
  }
}

/** Segment by segment: no step is long. Without them queries read the records. */
async function drop(writer: IndexWriter, db: Kysely<Tables>, app: number): Promise<void> {
  await writer.write(async (at) => {
    await at.deleteFrom('segments').where('app', '=', app).execute();
    await at.deleteFrom('facet_values').where('app', '=', app).execute();
  });
  for (;;) {
    const row = await db
      .selectFrom('postings')
      .select('segment')
      .where('app', '=', app)
      .orderBy('segment')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return;
    const { segment } = row;
    await writer.write((at) => writeIndexPages(at, { step: 'discard', app, segment }));
  }
}

async function openWriter(database: Database): Promise<IndexWriter> {
  try {
    return database.kind === 'sqlite' ? await holdFile(database) : await holdLease(database.url);
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    throw new FsckFailure(error.message, 'Stop the server, then repair.', error);
  }
}

async function holdFile(database: Database): Promise<IndexWriter> {
  const hold = await holdDatabase(database);
  const store = await openLedgerStore(database);
  let steps = 0;
  return {
    write: async (step) => {
      await store.derive(Date.now() + STEP_MS, step);
      if (++steps % TIDY_STEPS === 0) await store.tidy(Infinity);
    },
    close: async () => {
      await store.close();
      hold.release();
    },
  };
}

/** A server that starts meanwhile waits for the lease before it indexes. */
async function holdLease(url: string): Promise<IndexWriter> {
  const [{ PostgresIndexStore }, { PostgresPeers }] = await Promise.all([
    import('../store/postgres/index-store.ts'),
    import('../store/postgres/peers.ts'),
  ]);
  const holder = newId('execution').replace('exe_', 'prc_');
  const peers = new PostgresPeers(url, holder);
  if (!(await peers.take(INDEXING, LEASE_MS))) {
    await peers.close();
    throw new StoreFailure('locked', 'a server indexes this ledger');
  }
  const store = new PostgresIndexStore(url, { name: INDEXING, holder });
  const kept = setInterval(() => {
    peers.renew(INDEXING, LEASE_MS).catch(() => undefined);
  }, LEASE_MS / 4);
  return {
    write: (step) => store.write(step),
    close: async () => {
      clearInterval(kept);
      await peers.release(INDEXING);
      await Promise.all([peers.close(), store.close()]);
    },
  };
}
