import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { LRUCache } from 'lru-cache';

/** Statements that are kept. Preparing one takes longer than most of them run. */
const KEPT = 100;

export interface PreparedStatement {
  readonly statement: StatementSync;
  /** Whether it gives rows. */
  readonly reader: boolean;
}

/** The statements of one connection, each prepared once. */
export class Prepared {
  readonly #database: DatabaseSync;
  readonly #statements = new LRUCache<string, PreparedStatement>({ max: KEPT });

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(sql: string): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, reader: statement.columns().length > 0 };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
