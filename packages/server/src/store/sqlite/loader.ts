import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { COPY_MARKER, type Load, type Loader } from '../loader.ts';
import { StoreFailure, type Row } from '../port.ts';
import { toStoreFailure } from './failure.ts';
import { openWriter } from './open.ts';

/** Pages of the write-ahead file after which a commit moves them over. */
const WAL_PAGES = 4000;

/** See `Loader`. The caller holds the data folder. */
export class SqliteLoader implements Loader {
  readonly #db: DatabaseSync;
  readonly #inserts = new Map<string, StatementSync>();

  constructor(path: string) {
    try {
      this.#db = openWriter(path);
      this.#db.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
    } catch (error) {
      throw toStoreFailure(error, 'no');
    }
  }

  async begin(marker: string): Promise<string | null> {
    return this.#inTransaction(() => {
      const known = this.#db
        .prepare('SELECT value FROM installation WHERE name = ?')
        .get(COPY_MARKER) as { value: string } | undefined;
      if (known) return known.value;
      const { taken } = this.#db
        .prepare(
          'SELECT EXISTS (SELECT 1 FROM installation) + EXISTS (SELECT 1 FROM apps) AS taken',
        )
        .get() as { taken: number };
      if (taken > 0) throw new StoreFailure('locked', 'the target already holds a ledger');
      this.#mark(marker);
      return null;
    });
  }

  async load({ table, rows, marker }: Load): Promise<void> {
    this.#inTransaction(() => {
      for (const row of rows) this.#insert(table, row).run(...Object.values(row));
      this.#mark(marker);
    });
  }

  async finish(): Promise<void> {
    this.#inTransaction(() =>
      this.#db.prepare('DELETE FROM installation WHERE name = ?').run(COPY_MARKER),
    );
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #mark(marker: string): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO installation (name, value) VALUES (?, ?)')
      .run(COPY_MARKER, marker);
  }

  #insert(table: string, row: Row): StatementSync {
    const columns = Object.keys(row);
    const key = `${table} ${columns.join()}`;
    const known = this.#inserts.get(key);
    if (known) return known;
    const places = columns.map(() => '?').join(', ');
    const made = this.#db.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`,
    );
    this.#inserts.set(key, made);
    return made;
  }

  #inTransaction<T>(work: () => T): T {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw toStoreFailure(error, 'no');
    }
  }
}
