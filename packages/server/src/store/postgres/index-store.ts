import type { Kysely } from 'kysely';

import { StoreFailure } from '../port.ts';
import type { Tables } from '../tables.ts';
import { holdsLease } from './leases.ts';
import { CONNECTION_GRACE_MS, PostgresStore } from './store.ts';

/** A step that has not ended after this long is given up, and its connection with it. */
const STEP_MS = 2000;
/** So a step that finds the lease held for so long has ended before another process can take it. */
const REMAINING_MS = STEP_MS + CONNECTION_GRACE_MS + 500;

/** A lease, and the process that must hold it. */
export interface HeldLease {
  readonly name: string;
  readonly holder: string;
}

/** Writes derived rows beside the ledger, each step only while the lease is held. */
export class PostgresIndexStore {
  readonly #store: PostgresStore;
  readonly #lease: HeldLease;

  constructor(url: string, lease: HeldLease) {
    this.#store = new PostgresStore({ url, name: 'affidavit indexer' });
    this.#lease = lease;
  }

  /** Throws `StoreFailure`: `locked` where the lease is not held, or not for long enough. */
  write(step: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    const { name, holder } = this.#lease;
    return this.#store.derive(Date.now() + STEP_MS, async (db) => {
      if (!(await holdsLease(db, name, holder, REMAINING_MS))) {
        throw new StoreFailure('locked', 'this process is not the one that indexes');
      }
      await step(db);
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
