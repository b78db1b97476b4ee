import { setTimeout as sleep } from 'node:timers/promises';

import type { Services } from '../services.ts';
import type { Reclaimed } from '../store/port.ts';
import type { LastingThread } from '../threads/lasting.ts';

/** Between two steps others get their turn. */
const REST_MS = 10;
/** While somebody still reads what was there before. */
const BUSY_MS = 250;
const BUSY_TRIES_MAX = 40;
/** The index forgets what was removed within moments, if any process indexes. */
const INDEX_WAIT_MS = 5000;
const INDEX_LOOK_MS = 50;

export type Freeing = Pick<Services, 'readers' | 'trail'> & {
  readonly writer: Pick<LastingThread, 'call'>;
};

/** What it resolves with, or false when time is up. */
function inTime(work: Promise<boolean>, until: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = sleep(Math.max(0, until - performance.now()), false, {
    signal: timeout.signal,
    ref: false,
  }).catch(() => false);
  return Promise.race([work, late]).finally(() => timeout.abort());
}

export interface Unfreed {
  readonly app: number;
  /** The last removal. */
  readonly unfreed: string;
}

/**
 * Gives back the space of what was removed, so that its bytes are in no file any more. What is
 * still to do is known from the removals' own transactions; a pass that ends early is made anew.
 */
export class Space {
  readonly #services: Freeing;
  #passing: Promise<boolean> | null = null;

  constructor(services: Freeing) {
    this.#services = services;
  }

  /** Whether nothing was left to free at the end; at `until`, by `performance.now()`, it gives up. */
  async free(until: number, signal?: AbortSignal): Promise<boolean> {
    while ((await this.#unfreed()).length > 0) {
      // One that is under way may have begun before the removal that this one is for.
      this.#passing ??= this.#pass(until, signal)
        .catch(() => false)
        .finally(() => (this.#passing = null));
      if (!(await inTime(this.#passing, until))) return false;
    }
    return true;
  }

  #unfreed(): Promise<Unfreed[]> {
    return this.#services.readers.run<Unfreed[]>('unfreed', {});
  }

  async #pass(until: number, signal?: AbortSignal): Promise<boolean> {
    const isOver = () => signal?.aborted === true || performance.now() >= until;
    const debts = await this.#unfreed();
    const isForgotten = await this.#indexForgets(isOver);
    let busy = 0;
    for (let step: number | null = 0; step !== null; await sleep(REST_MS)) {
      if (isOver()) return false;
      const done: Reclaimed = await this.#services.writer.call<Reclaimed>('reclaim', step);
      step = done.next;
      if (!done.busy) continue;
      if (++busy > BUSY_TRIES_MAX) return false;
      await sleep(BUSY_MS);
    }
    if (!isForgotten) return false;
    for (const { app, unfreed } of debts) {
      const where = { app, unfreed };
      const set = { unfreed: null };
      const freed = { op: 'update', table: 'retention', where, set, any: true } as const;
      await this.#services.trail.apply(app, [freed]);
    }
    return true;
  }

  /** What the index still knows would stay where it is. */
  async #indexForgets(isOver: () => boolean): Promise<boolean> {
    const end = performance.now() + INDEX_WAIT_MS;
    while (await this.#services.readers.run<boolean>('unforgotten', {})) {
      if (isOver() || performance.now() >= end) return false;
      await sleep(INDEX_LOOK_MS);
    }
    return true;
  }
}
