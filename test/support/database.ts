import { after } from 'node:test';

import { startPostgres, type TestServer } from '@affidavit/server/testing/postgres';

/**
 * Where the servers of the tests keep their ledgers. With AFFIDAVIT_TEST_ON=postgres each data
 * folder has a database beside it, and the same tests run on PostgreSQL.
 */
export const onPostgres = process.env.AFFIDAVIT_TEST_ON === 'postgres';

let starting: Promise<TestServer> | null = null;
const databases = new Map<string, Promise<string>>();

/** A PostgreSQL for this file of tests, ended when they end. Rejects where there is none. */
export function postgres(): Promise<TestServer> {
  starting ??= start();
  return starting;
}

/** Why there is no PostgreSQL to test with, or false. */
export function whyNoPostgres(): Promise<string | false> {
  return postgres().then(
    () => false,
    (error: Error) => error.message,
  );
}

async function start(): Promise<TestServer> {
  const server = await startPostgres();
  if (typeof server === 'string') throw new Error(server);
  return server;
}

after(async () => {
  await (await starting?.catch(() => null))?.close();
});

/** The URL of the database of a data folder, or undefined for SQLite in the folder itself. */
export function databaseOf(dataFolder: string): Promise<string | undefined> {
  if (!onPostgres) return Promise.resolve(undefined);
  const known = databases.get(dataFolder);
  if (known) return known;
  const made = postgres().then((server) => server.newDatabase());
  databases.set(dataFolder, made);
  return made;
}
