import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import { LRUCache } from 'lru-cache';

import type { Tables } from '../tables.ts';

/** Statements that are kept prepared. Preparing one takes longer than most of them run. */
const PREPARED = 100;

/** Kysely on `node:sqlite`: adapts the statement interface that Kysely's own dialect expects. */
export function kyselyOn(db: DatabaseSync): Kysely<Tables> {
  const prepared = new LRUCache<string, SqliteStatement>({ max: PREPARED });
  const database = {
    prepare(sql: string): SqliteStatement {
      const known = prepared.get(sql);
      if (known) return known;
      const statement = adapt(db.prepare(sql));
      prepared.set(sql, statement);
      return statement;
    },
    close() {
      prepared.clear();
      db.close();
    },
  };
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}

function adapt(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
