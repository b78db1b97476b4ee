import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { databaseOf, postgres } from './database.ts';

/** For tests: the database behind a server, for who can write it past the server. */
export interface Intruder {
  /** Statements that both stores understand. */
  run(statements: string): Promise<void>;
  /** A literal of bytes. */
  bytes(bytes: Uint8Array): string;
  /** What `affidavit fsck` needs to find it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Tables that PostgreSQL guards against changes. */
const GUARDED = ['entries', 'parts', 'tiles', 'heads', 'removals'];
const triggers = (way: string) =>
  GUARDED.map((table) => `ALTER TABLE ${table} ${way} TRIGGER ALL;`).join('');

/** Whoever can switch the guards off can write what they want. */
export async function intrude(dataFolder: string): Promise<Intruder> {
  const url = await databaseOf(dataFolder);
  if (url === undefined) {
    return {
      run: async (statements) => {
        const db = new DatabaseSync(join(dataFolder, 'affidavit.db'), { timeout: 5000 });
        db.exec(`BEGIN IMMEDIATE; ${statements}; COMMIT`);
        db.close();
      },
      bytes: (bytes) => `X'${Buffer.from(bytes).toString('hex')}'`,
      env: {},
    };
  }
  const server = await postgres();
  const names = await server.query(
    url,
    `SELECT c.relname AS table, t.tgname AS name FROM pg_catalog.pg_trigger t
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid`,
  );
  const on = names
    .map(({ table, name }) => `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name};`)
    .join('');
  return {
    run: async (statements) => {
      await server.query(url, `BEGIN; ${triggers('DISABLE')} ${statements}; ${on} COMMIT`);
    },
    bytes: (bytes) => `'\\x${Buffer.from(bytes).toString('hex')}'::bytea`,
    env: { AFFIDAVIT_DATABASE_URL: url },
  };
}
