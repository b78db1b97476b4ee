/** Indexes in the background, apart from who writes the ledger and who reads it. */
import { workerData } from 'node:worker_threads';

import { openReadStore, startUpkeep, type Database } from '../store/open.ts';
import type { HeldLease } from '../store/postgres/index-store.ts';
import { notify, serve } from '../threads/rpc.ts';
import { Indexer } from './indexer.ts';
import { WriterLink, type IndexNotice } from './writer-link.ts';
import { writeIndexPages, type IndexWrite } from './write.ts';

export interface IndexerSettings {
  readonly database: Database;
  /** Held by the one process that indexes, where several share the database. */
  readonly lease: HeldLease;
}

const { database, lease } = workerData as IndexerSettings;
const db = await openReadStore(database);
const upkeep = await startUpkeep(database, (pages) =>
  notify({ tidy: pages } satisfies IndexNotice),
);
const link = new WriterLink();
const own = database.kind === 'postgres' ? await ownConnection(database.url) : null;

/** A connection of its own, so that no commit waits for pages; every step proves the lease. */
async function ownConnection(url: string) {
  const { PostgresIndexStore } = await import('../store/postgres/index-store.ts');
  return new PostgresIndexStore(url, lease);
}

/** SQLite has one connection that writes: pages go in turn with the ledger's own. */
function write(step: IndexWrite): Promise<void> {
  return own ? own.write((at) => writeIndexPages(at, step)) : link.write(step);
}

/** Where a database may be a cluster, readers have no snapshot across its machines. */
const GRACE_MS = 60_000;
const indexer = new Indexer({ db, write, graceMs: own ? GRACE_MS : 0 });

serve({
  catchUp: (app: number) => indexer.catchUp(app),
  written: (answer: { id: number; error: string | null }) => link.settle(answer),
  close: async () => {
    upkeep.close();
    await Promise.all([db.destroy(), own?.close()]);
  },
});
