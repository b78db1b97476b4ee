import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

import { Kysely, SqliteDialect } from 'kysely';

import type { Tables } from '../tables.ts';

/** Kysely on `node:sqlite`: adapts the statement interface that Kysely's own dialect expects. */
export function kyselyOn(db: DatabaseSync): Kysely<Tables> {
  const database = {
    prepare(sql: string) {
      const statement = db.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) =>
          statement.all(...(parameters as SQLInputValue[])) as unknown[],
        run: (parameters: readonly unknown[]) =>
          statement.run(...(parameters as SQLInputValue[])) as {
            changes: number | bigint;
            lastInsertRowid: number | bigint;
          },
        iterate: (parameters: readonly unknown[]) =>
          statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
      };
    },
    close() {
      db.close();
    },
  };
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}
