import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError } from '@affidavit/schema';

import type { PageRequest } from './page.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { StreamChunk } from './reader-thread.ts';

/** Reads for streams under way at once: the threads stay free for those who ask. */
const AT_ONCE = 4;
const RETRY_MS = 200;
const TRIES = 50;

/**
 * What event streams read. Those that stand at the same place of the same question share one read,
 * and when the readers are at their limit, streams wait: they can, they are told of no deadline.
 */
export class StreamReads {
  readonly #readers: Pick<ReaderPool, 'run'>;
  readonly #underWay = new Map<string, Promise<StreamChunk>>();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(readers: Pick<ReaderPool, 'run'>) {
    this.#readers = readers;
  }

  /** The next page behind a cursor, as the text of server-sent events. */
  read(request: PageRequest): Promise<StreamChunk> {
    const key = JSON.stringify(request);
    const shared = this.#underWay.get(key);
    if (shared) return shared;
    const read = this.#readInTurn(request).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, read);
    return read;
  }

  async #readInTurn(request: PageRequest): Promise<StreamChunk> {
    if (this.#reading < AT_ONCE) this.#reading++;
    else await new Promise<void>((turn) => this.#waiting.push(turn));
    try {
      return await this.#readWhenPossible(request);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#reading--;
    }
  }

  async #readWhenPossible(request: PageRequest): Promise<StreamChunk> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#readers.run<StreamChunk>('streamChunk', request);
      } catch (error) {
        const full = error instanceof AffidavitError && error.code === 'overloaded';
        if (!full || tries === TRIES) throw error;
        await sleep(RETRY_MS);
      }
    }
  }
}
