import { AffidavitError } from '@affidavit/schema';

import { Thread } from '../threads/rpc.ts';
import type { ReaderSettings } from './reader-thread.ts';

export interface ReaderPoolOptions extends ReaderSettings {
  readonly threads: number;
  /** Longest time of a query. */
  readonly deadlineMs: number;
  /** Queries that may wait for a thread. */
  readonly queueLimit: number;
}

/** How long after its deadline a query that does not give up is ended with its thread. */
const GRACE_MS = 2000;
const RETRY_AFTER_SECONDS = 2;

/** Reader threads. A query that hangs costs its thread, never a write. */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  readonly #threads: Thread[];
  #closed = false;

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
    this.#threads = Array.from({ length: options.threads }, (_, index) => this.#start(index));
  }

  /** Runs an operation of `reader-thread.ts`; rejects with `query_timeout` at the deadline. */
  async run<T>(op: string, request: object): Promise<T> {
    const { deadlineMs, queueLimit, threads } = this.#options;
    const thread = this.#threads.reduce((a, b) => (b.pending < a.pending ? b : a));
    if (thread.pending * threads >= queueLimit) {
      throw new AffidavitError('overloaded', 'too many queries are waiting', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    const deadline = Date.now() + deadlineMs;
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        void thread.terminate();
        reject(new AffidavitError('query_timeout', 'the query did not end within its deadline'));
      }, deadlineMs + GRACE_MS);
    });
    try {
      return await Promise.race([thread.call<T>(op, { ...request, deadline }), expiry]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #start(index: number): Thread {
    const { database } = this.#options;
    const settings: ReaderSettings = { database };
    return new Thread(new URL('./reader-thread.ts', import.meta.url), settings, {
      onEnd: () => {
        if (!this.#closed) setTimeout(() => this.#replace(index), 100);
      },
    });
  }

  #replace(index: number): void {
    if (!this.#closed) this.#threads[index] = this.#start(index);
  }
}
