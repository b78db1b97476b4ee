import type { Logger } from 'pino';

import { LastingThread } from '../threads/lasting.ts';
import { SMALL_SEGMENT } from './indexer.ts';
import type { IndexerSettings } from './indexer-thread.ts';
import type { IndexNotice } from './writer-link.ts';

/** The lease of whoever indexes. */
export const INDEXING = 'indexing';
const PAUSE_AFTER_FAILURE_MS = 5000;

/** Keeps the indexer at work: tells it of growth, and passes its pages to the writer. */
export class IndexFeed {
  readonly #indexer: LastingThread;
  readonly #journal: Logger;
  readonly #sizes = new Map<number, number>();
  readonly #indexed = new Map<number, number>();
  /** Logs of which something was removed that the index still knows. */
  readonly #removed = new Set<number>();
  #busy = false;
  #closed = false;

  #isOurs = false;

  constructor(settings: IndexerSettings, writer: LastingThread, journal: Logger) {
    this.#journal = journal;
    this.#indexer = new LastingThread({
      module: new URL('./indexer-thread.ts', import.meta.url),
      workerData: settings,
      onNotice: (notice: IndexNotice) => void this.#pass(notice, writer).catch(() => undefined),
      onEnd: (reason) => {
        journal.error({ err: reason }, 'the indexer thread ended; a new one is started');
        void this.#indexer.ready().catch(() => undefined);
      },
    });
    void this.#indexer.ready().catch(() => undefined);
  }

  /** `size` may be unknown (Infinity) after a start. */
  grown(app: number, size: number): void {
    this.#sizes.set(app, Math.max(size, this.#sizes.get(app) ?? 0));
    if (size - (this.#indexed.get(app) ?? 0) >= SMALL_SEGMENT) void this.#work();
  }

  /** Something was removed from a log: the index must forget it. */
  removed(app: number): void {
    this.#removed.add(app);
    void this.#work();
  }

  /** This process indexes until `signal` aborts; the sizes of these logs are not known. */
  take(apps: readonly number[], signal: AbortSignal): void {
    this.#isOurs = true;
    signal.addEventListener('abort', () => (this.#isOurs = false), { once: true });
    for (const app of apps) this.grown(app, Infinity);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#indexer.close();
  }

  async #pass(notice: IndexNotice, writer: LastingThread): Promise<void> {
    if ('tidy' in notice) return writer.call('tidy', notice.tidy);
    const { id, write } = notice;
    const error = await writer.call('index', write).then(
      () => null,
      (failure: Error) => failure.message,
    );
    await this.#indexer.call('written', { id, error });
  }

  async #work(): Promise<void> {
    if (this.#busy || this.#closed || !this.#isOurs) return;
    this.#busy = true;
    try {
      for (const app of this.#due()) {
        const size = this.#sizes.get(app) ?? 0;
        this.#indexed.set(app, await this.#catchUp(app));
        if (size === Infinity) this.#sizes.set(app, this.#indexed.get(app) as number);
      }
    } catch (error) {
      // Where it has passed to another process, or ends with this one, it goes on there.
      const isOurs = this.#isOurs && !this.#closed;
      if (isOurs) this.#journal.warn({ err: error }, 'indexing failed; it is tried again');
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS).unref());
    } finally {
      this.#busy = false;
    }
    if (this.#due().length > 0) setImmediate(() => void this.#work());
  }

  /** What is removed from now on is for the next time. */
  async #catchUp(app: number): Promise<number> {
    const wasRemoved = this.#removed.delete(app);
    try {
      return await this.#indexer.call<number>('catchUp', app);
    } catch (error) {
      if (wasRemoved) this.#removed.add(app);
      throw error;
    }
  }

  /** Logs that have grown by a segment, or lost something. */
  #due(): number[] {
    const grown = [...this.#sizes].filter(
      ([app, size]) => size - (this.#indexed.get(app) ?? 0) >= SMALL_SEGMENT,
    );
    return [...new Set([...grown.map(([app]) => app), ...this.#removed])];
  }
}
