import { AffidavitError } from '@affidavit/schema';

import { unreadable } from '../sequence/unavailable.ts';
import { StoreFailure } from '../store/port.ts';
import { LastingThread } from '../threads/lasting.ts';
import { ThreadEnded, type Thread } from '../threads/rpc.ts';
import type { ReaderSettings } from './reader-thread.ts';

export interface ReaderPoolOptions extends ReaderSettings {
  readonly threads: number;
  /** Queries that may wait for a thread. */
  readonly queueLimit: number;
}

/** How long after its deadline a query that does not give up is ended with its thread. */
const GRACE_MS = 2000;
const RETRY_AFTER_SECONDS = 2;

/** Longest time that a start waits for its threads to load. */
const LOADING_MS = 20_000;

const prepare = async (thread: Thread): Promise<void> => {
  await thread.call('awake', null);
};

/** A query whose thread ended under it, for another one's sake, is asked once more. */
const TRIES = 2;

/** Reader threads. A query that hangs costs its thread, never a write. */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  readonly #threads: readonly LastingThread[];

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
    const { threads, database, deadlineMs, givesWay } = options;
    const workerData: ReaderSettings = { database, deadlineMs, givesWay };
    const module = new URL('./reader-thread.ts', import.meta.url);
    this.#threads = Array.from(
      { length: threads },
      () => new LastingThread({ module, workerData, prepare }),
    );
    for (const thread of this.#threads) thread.ready().catch(() => undefined);
  }

  /**
   * Resolves when the threads have loaded, so that the first questions do not spend their time on
   * that. Where one cannot, or not in time, the first question says why.
   */
  async ready(): Promise<void> {
    const loaded = Promise.allSettled(this.#threads.map((thread) => thread.ready()));
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, LOADING_MS)));
    await Promise.race([loaded, bound]);
    clearTimeout(timer);
  }

  /**
   * Runs an operation of `reader-thread.ts`; rejects with `query_timeout` at the deadline, and with
   * `audit_unavailable` where the database cannot be read.
   */
  async run<T>(op: string, request: object): Promise<T> {
    const deadline = Date.now() + this.#options.deadlineMs;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#runBy<T>(deadline, op, request);
      } catch (error) {
        if (error instanceof StoreFailure) throw refused(error);
        if (!(error instanceof ThreadEnded)) throw error;
        if (tries === TRIES || Date.now() >= deadline) throw timedOut(error);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #runBy<T>(deadline: number, op: string, request: object): Promise<T> {
    const { queueLimit, threads } = this.#options;
    const thread = this.#threads.reduce((a, b) => (b.pending < a.pending ? b : a));
    if (thread.pending * threads >= queueLimit) {
      throw new AffidavitError('overloaded', 'too many queries are waiting', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          void thread.replace();
          reject(timedOut());
        },
        deadline + GRACE_MS - Date.now(),
      );
    });
    try {
      return await Promise.race([thread.call<T>(op, { ...request, deadline }), expiry]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a database server said: too slow is the query's fault, all else the database's. */
function refused(failure: StoreFailure): AffidavitError {
  return failure.reason === 'timeout' ? timedOut(failure) : unreadable(failure);
}

function timedOut(cause?: unknown): AffidavitError {
  return new AffidavitError('query_timeout', 'the query did not end within its deadline', {
    cause,
  });
}
