import { setTimeout as sleep } from 'node:timers/promises';

import { Thread, ThreadEnded } from './rpc.ts';

export interface LastingOptions {
  readonly module: URL;
  readonly workerData: unknown;
  /** Makes a new thread ready for calls; they wait for it. */
  readonly prepare?: (thread: Thread) => Promise<void>;
  readonly onNotice?: (notice: never) => void;
  /** Called each time a thread ends that was not meant to. */
  readonly onEnd?: (reason: Error) => void;
}

/** A thread that dies again and again is not started more often than this. */
const RESTART_PAUSE_MS = 500;

/**
 * A thread that is replaced when it ends. What was under way in it fails with `ThreadEnded`; the
 * next call starts the new one.
 */
export class LastingThread {
  readonly #options: LastingOptions;
  #current: Promise<Thread> | null = null;
  #running: Thread | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #pending = 0;
  #closed = false;

  constructor(options: LastingOptions) {
    this.#options = options;
  }

  /** Calls that have no answer yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Starts the thread if it does not run; rejects with what kept it from becoming ready. */
  async ready(): Promise<void> {
    await this.#thread();
  }

  async call<T>(op: string, args: unknown): Promise<T> {
    this.#pending++;
    try {
      const thread = await this.#thread();
      return await thread.call<T>(op, args);
    } finally {
      this.#pending--;
    }
  }

  /** See `Thread.poll`. */
  poll(): void {
    this.#running?.poll();
  }

  /** Ends the thread as it is; the next call gets a new one. */
  async replace(): Promise<void> {
    await this.#running?.terminate();
  }

  /** Ends the thread for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.terminate();
  }

  #thread(): Promise<Thread> {
    if (this.#closed) return Promise.reject(new ThreadEnded('the thread was closed'));
    this.#current ??= this.#start();
    return this.#current;
  }

  async #start(): Promise<Thread> {
    const pause = this.#startedAt + RESTART_PAUSE_MS - performance.now();
    if (pause > 0) await sleep(pause);
    this.#startedAt = performance.now();
    const { module, workerData, prepare, onNotice } = this.#options;
    const thread: Thread = new Thread(module, workerData, {
      ...(onNotice ? { onNotice } : {}),
      onEnd: (reason) => this.#ended(thread, reason),
    });
    this.#running = thread;
    try {
      await prepare?.(thread);
      return thread;
    } catch (error) {
      this.#forget(thread);
      await thread.terminate();
      throw error;
    }
  }

  #forget(thread: Thread): boolean {
    if (this.#running !== thread) return false;
    this.#running = null;
    this.#current = null;
    return true;
  }

  #ended(thread: Thread, reason: Error): void {
    if (this.#forget(thread) && !this.#closed) this.#options.onEnd?.(reason);
  }
}
