import { setTimeout as sleep } from 'node:timers/promises';

import { AffidavitError } from '@affidavit/schema';

import type { CommitFeed } from '../sequence/commit-feed.ts';
import { Turns } from '../threads/turns.ts';
import type { PageRequest } from './page.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { StreamChunk } from './reader-thread.ts';

/** Reads for streams under way at once: the threads stay free for those who ask. */
const AT_ONCE = 4;
const RETRY_MS = 200;
const TRIES = 50;

/**
 * What event streams read. Those that stand at the same place of the same question share one read, if
 * the log has not grown since it began: who was told of an entry would else wait for it in vain. When
 * the readers are at their limit, streams wait: they can, they are told of no deadline.
 */
export class StreamReads {
  readonly #readers: Pick<ReaderPool, 'run'>;
  readonly #commits: Pick<CommitFeed, 'told'>;
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #turns = new Turns(AT_ONCE);

  constructor(readers: Pick<ReaderPool, 'run'>, commits: Pick<CommitFeed, 'told'>) {
    this.#readers = readers;
    this.#commits = commits;
  }

  /** The next page behind a cursor, as the text of server-sent events. */
  read(request: PageRequest): Promise<StreamChunk> {
    return this.#shared('streamChunk', request.app, request);
  }

  /** The size of a log: where a stream begins that is told of no other place. */
  async size(app: number): Promise<number> {
    const request = { table: 'heads', where: { app }, limit: 1 };
    const [head] = await this.#shared<{ size: number }[]>('rows', app, request);
    return head?.size ?? 0;
  }

  #shared<T>(op: string, app: number, request: object): Promise<T> {
    const key = JSON.stringify([op, request, this.#commits.told(app)]);
    const shared = this.#underWay.get(key) as Promise<T> | undefined;
    if (shared) return shared;
    const read = this.#readInTurn<T>(op, request).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, read);
    return read;
  }

  async #readInTurn<T>(op: string, request: object): Promise<T> {
    const end = await this.#turns.take();
    try {
      return await this.#readWhenPossible<T>(op, request);
    } finally {
      end();
    }
  }

  async #readWhenPossible<T>(op: string, request: object): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#readers.run<T>(op, request);
      } catch (error) {
        const full = error instanceof AffidavitError && error.code === 'overloaded';
        if (!full || tries === TRIES) throw error;
        await sleep(RETRY_MS);
      }
    }
  }
}
