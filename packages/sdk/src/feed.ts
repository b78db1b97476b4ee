import { backoffMs, sleep } from './deadline.ts';
import { AffidavitApiError, unexpectedAnswer } from './errors.ts';
import type { Query } from './transport.ts';

/** Reading a list of the trail page by page, and going on from a cursor. */

export interface Page<T> {
  readonly entries: readonly T[];
  /** Where the next page begins; store it once the entries are dealt with. */
  readonly cursor: string | null;
}

export interface FeedOptions {
  /** A cursor from an earlier feed with the same filter and order. */
  readonly cursor?: string | undefined;
  /** By time; `asc` unless said otherwise. */
  readonly order?: 'asc' | 'desc' | undefined;
  /** Go on polling for what is new instead of ending; only with `asc`. */
  readonly follow?: boolean | undefined;
  /** First wait before asking again when nothing is new, in ms; doubles up to ten times that. */
  readonly pollMs?: number | undefined;
  /** Entries per page, 1 to 1000. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks for one page. The parameters are the filter plus `order`, `limit` and `cursor`. */
export type FetchPage = (query: Query, signal: AbortSignal | undefined) => Promise<unknown>;

const DEFAULT_POLL_MS = 1000;
const POLL_GROWTH = 10;

interface List<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

function asList<T>(value: unknown): List<T> {
  const list = value as Partial<List<T>> | null | undefined;
  if (!list || !Array.isArray(list.data)) throw unexpectedAnswer(200, 'it is not a list');
  return {
    data: list.data,
    next_cursor: list.next_cursor ?? null,
    has_more: list.has_more === true,
  };
}

/**
 * An async iterable over entries. `cursor` moves past a page only when the first entry after it is
 * asked for, so what a worker stores never lies beyond what it has dealt with: after a crash it
 * sees at most one page again and misses nothing. Iterating again goes on from `cursor`.
 */
export class Feed<T> implements AsyncIterable<T> {
  readonly #fetchPage: FetchPage;
  readonly #filter: Query;
  readonly #options: FeedOptions;
  readonly #random: () => number;
  #cursor: string | null;

  constructor(
    fetchPage: FetchPage,
    filter: Query,
    options: FeedOptions = {},
    random: () => number = Math.random,
  ) {
    if (options.follow && options.order === 'desc') {
      throw new AffidavitApiError('invalid_request', 'follow needs ascending order', {
        field: 'order',
        advice: 'Leave order out, or set it to "asc".',
      });
    }
    this.#fetchPage = fetchPage;
    this.#filter = filter;
    this.#options = options;
    this.#random = random;
    this.#cursor = options.cursor ?? null;
  }

  /** Where to go on; null before the first page is dealt with. */
  get cursor(): string | null {
    return this.#cursor;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.entries;
  }

  /** The same, a page at a time. With `follow` it ends only by `signal` or by leaving the loop. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    const { follow = false, signal } = this.#options;
    let idle = 0;
    for (;;) {
      signal?.throwIfAborted();
      const list = await this.#next();
      const cursor = list.next_cursor ?? this.#cursor;
      if (list.data.length > 0) yield { entries: list.data, cursor };
      if (list.has_more && cursor === this.#cursor) {
        throw unexpectedAnswer(200, 'its cursor does not move on');
      }
      this.#cursor = cursor;
      if (list.has_more) continue;
      if (!follow) return;
      idle = list.data.length > 0 ? 0 : idle + 1;
      await sleep(this.#pollMs(idle), signal);
    }
  }

  async #next(): Promise<List<T>> {
    const { order = 'asc', limit, signal } = this.#options;
    const query = { ...this.#filter, order, limit, cursor: this.#cursor };
    return asList<T>(await this.#fetchPage(query, signal));
  }

  #pollMs(idle: number): number {
    const base = Math.max(1, this.#options.pollMs ?? DEFAULT_POLL_MS);
    return base + backoffMs(idle, base, base * (POLL_GROWTH - 1), this.#random);
  }
}
