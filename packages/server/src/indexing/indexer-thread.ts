/** Indexes in the background; its writes go through the writer thread, in turn with the ledger's. */
import { workerData } from 'node:worker_threads';

import { openReadStore, startUpkeep, type Database } from '../store/open.ts';
import { notify, serve } from '../threads/rpc.ts';
import { Indexer } from './indexer.ts';
import type { IndexWrite } from './write.ts';

export interface IndexerSettings {
  readonly database: Database;
}

/** What this thread asks of the writer: to write pages, or to tidy. */
export type IndexNotice =
  | { readonly id: number; readonly write: IndexWrite }
  | { readonly tidy: number };

const { database } = workerData as IndexerSettings;
const db = await openReadStore(database);
const upkeep = await startUpkeep(database, (pages) =>
  notify({ tidy: pages } satisfies IndexNotice),
);

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
const waiting = new Map<number, Waiting>();
let nextId = 1;

const indexer = new Indexer({
  db,
  write: (write) =>
    new Promise<void>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      notify({ id, write } satisfies IndexNotice);
    }),
});

serve({
  catchUp: (app: number) => indexer.catchUp(app),
  written: ({ id, error }: { id: number; error: string | null }) => {
    const { resolve, reject } = waiting.get(id) as Waiting;
    waiting.delete(id);
    if (error === null) resolve();
    else reject(new Error(error));
  },
  close: () => {
    upkeep.close();
    return db.destroy();
  },
});
