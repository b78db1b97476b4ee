import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';

import type { Tables } from '../tables.ts';
import { Prepared } from './prepared.ts';

/** Kysely on `node:sqlite`: adapts the statement interface that Kysely's own dialect expects. */
export function kyselyOn(db: DatabaseSync, prepared = new Prepared(db)): Kysely<Tables> {
  const database = {
    prepare(sql: string): SqliteStatement {
      const { statement, reader } = prepared.get(sql);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
    close() {
      db.close();
    },
  };
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}
