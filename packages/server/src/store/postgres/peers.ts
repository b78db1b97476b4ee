import type { Kysely } from 'kysely';

import type { Tables } from '../tables.ts';
import * as leases from './leases.ts';
import { PostgresStore } from './store.ts';

const ANSWER_MS = 2000;

/**
 * This process among the others of a database: its leases and its signs of life, on a connection
 * of its own, so that they come in time whatever the writer waits for. Throws `StoreFailure`.
 */
export class PostgresPeers {
  readonly #store: PostgresStore;
  readonly #processId: string;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(url: string, processId: string) {
    this.#store = new PostgresStore({ url, name: 'affidavit peers' });
    this.#processId = processId;
  }

  take(name: string, ttlMs: number): Promise<boolean> {
    return this.#inTurn((db) => leases.takeLease(db, name, this.#processId, ttlMs));
  }

  renew(name: string, ttlMs: number): Promise<boolean> {
    return this.#inTurn((db) => leases.renewLease(db, name, this.#processId, ttlMs));
  }

  release(name: string): Promise<void> {
    return this.#inTurn((db) => leases.releaseLease(db, name, this.#processId));
  }

  /** Says that this process is alive. */
  seen(): Promise<void> {
    return this.#inTurn((db) => leases.seen(db, this.#processId));
  }

  /** Says that it has ended. */
  retire(): Promise<void> {
    return this.#inTurn((db) => leases.retire(db, this.#processId));
  }

  /** Ids of processes that were not seen for so long. */
  dead(afterMs: number): Promise<string[]> {
    return this.#inTurn((db) => leases.deadProcesses(db, afterMs));
  }

  forget(processId: string): Promise<void> {
    return this.#inTurn((db) => leases.forgetProcess(db, processId));
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#store.close();
  }

  #inTurn<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#answer(work));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #answer<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    let answer: T | undefined;
    await this.#store.derive(Date.now() + ANSWER_MS, async (db) => {
      answer = await work(db);
    });
    return answer as T;
  }
}
