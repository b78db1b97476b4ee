import { startPostgres } from '@affidavit/server/testing/postgres';

import { startAffidavit, type Affidavit } from './affidavit.ts';
import type { Bench } from './bench.ts';
import type { StoreName } from './options.ts';

/** Runs a measurement on each store that was asked for, each time on a new server and ledger. */

const TITLES: Readonly<Record<StoreName, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

/** `measure` gets a server and the name of its store. */
export async function onEachStore<T>(
  { options, tell }: Bench,
  measurement: string,
  measure: (server: Affidavit, store: string) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const name of options.stores) {
    const database = await openDatabase(name);
    if (typeof database === 'string') {
      tell(`${measurement}: ${database}`);
      continue;
    }
    try {
      const server = await startAffidavit(options.profile, measurement, database.url);
      results.push(await measure(server, TITLES[name]).finally(server.stop));
    } finally {
      await database.close();
    }
  }
  return results;
}

export interface Database {
  /** Undefined for SQLite in the folder of the server. */
  readonly url: string | undefined;
  readonly close: () => Promise<void>;
}

/** A string says why there is none. */
export async function openDatabase(name: StoreName): Promise<Database | string> {
  if (name === 'sqlite') return { url: undefined, close: async () => undefined };
  const server = await startPostgres();
  if (typeof server === 'string') return server;
  return { url: await server.newDatabase(), close: () => server.close() };
}
