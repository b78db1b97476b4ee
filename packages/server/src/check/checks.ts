import { AffidavitError } from '@affidavit/schema';

import { unreadable } from '../sequence/unavailable.ts';
import type { Database } from '../store/open.ts';
import { StoreFailure } from '../store/port.ts';
import { Thread, ThreadEnded } from '../threads/rpc.ts';
import type { CheckRequest } from './check-thread.ts';
import type { LogVerdict } from './log.ts';
import type { Progress } from './walk.ts';

/** Checks under way at once in one process: each takes a core. */
const AT_ONCE = 1;
const RETRY_AFTER_SECONDS = 10;

/** Runs checks of whole logs, which can take minutes, beside everything else. */
export class Checks {
  readonly #database: Database;
  readonly #underWay = new Set<Thread>();
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Has no deadline: it ends with its thread when the signal aborts, which gives null, or when
   * this is closed. Rejects with `overloaded` where enough are under way, and with
   * `audit_unavailable` where the database cannot be read.
   */
  async run(
    request: CheckRequest,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<LogVerdict | null> {
    if (this.#closed || this.#underWay.size >= AT_ONCE) throw busy();
    const module = new URL('./check-thread.ts', import.meta.url);
    const hooks = onProgress ? { onNotice: onProgress } : {};
    const thread = new Thread(module, { database: this.#database }, hooks);
    this.#underWay.add(thread);
    const end = () => void thread.terminate();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      return await thread.call<LogVerdict>('check', request);
    } catch (error) {
      if (signal.aborted) return null;
      if (error instanceof StoreFailure) throw unreadable(error);
      if (error instanceof ThreadEnded && this.#closed) throw busy();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
      await thread.terminate();
      this.#underWay.delete(thread);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#underWay].map((thread) => thread.terminate()));
  }
}

function busy(): AffidavitError {
  return new AffidavitError('overloaded', 'another check is under way, or the server is ending', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
