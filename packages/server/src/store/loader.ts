import type { Kysely } from 'kysely';

import { StoreFailure, type Row } from './port.ts';
import type { Tables } from './tables.ts';

/** Name of the row of `installation` that says that a copy into this database has not ended. */
export const COPY_MARKER = 'copy';

/** Some rows of one table, and what the marker says once they are in. */
export interface Load {
  readonly table: keyof Tables;
  /** All have the same columns. */
  readonly rows: readonly Row[];
  readonly marker: string;
}

/**
 * Fills a database with rows of another one, as they are, beside all rules but the database's own.
 * While the marker is there, no server starts on it. One caller at a time; whatever fails, it is
 * opened anew. All errors of the database are `StoreFailure`s.
 */
export interface Loader {
  /**
   * Sets the marker in a database that holds no ledger, or finds the one of an earlier copy and
   * leaves it as it is. Resolves to what it said, or null for a new one. Throws `StoreFailure`
   * (`locked`) for a database that holds a ledger or that a server runs on.
   */
  begin(marker: string): Promise<string | null>;
  /** Inserts the rows and moves the marker on, both or neither; durable when it resolves. */
  load(load: Load): Promise<void>;
  /** Takes the marker away: from now on it is a ledger like any other. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Throws `StoreFailure` for a database that is only part of a ledger, or was not checked yet. */
export async function assertNoCopy(db: Kysely<Tables>): Promise<void> {
  const marker = db.selectFrom('installation').select('name').where('name', '=', COPY_MARKER);
  if ((await marker.execute()).length === 0) return;
  throw new StoreFailure(
    'damaged',
    'it holds a copy that has not ended; run the same affidavit copy again, or take another database',
  );
}
