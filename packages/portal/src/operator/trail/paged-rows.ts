import type { Page } from '../../shared/api/types.ts';

/**
 * Rows of a list that may have millions: pages are read as they come into view and forgotten when
 * they are far away, so that what is held does not grow. Where each page begins is remembered by
 * its cursor.
 */

export const PAGE_ROWS = 100;
const KEPT_PAGES = 40;
const AHEAD_PAGES = 2;
const AT_ONCE = 3;

export type ReadPage<T> = (cursor: string | null) => Promise<Page<T>>;

export class PagedRows<T> {
  readonly #read: ReadPage<T>;
  /** Of every page that is known to be there, by its number. */
  readonly #cursors: (string | null)[] = [null];
  readonly #pages = new Map<number, readonly T[]>();
  readonly #underWay = new Set<number>();
  #isStopped = false;
  readonly #listeners = new Set<() => void>();
  #isEnd = false;
  #count = 0;
  #error: unknown = null;
  #wanted: readonly [number, number] = [0, 0];
  #version = 0;

  constructor(read: ReadPage<T>) {
    this.#read = read;
  }

  /** Rows that are known to be there. */
  get count(): number {
    return this.#count;
  }

  /** Whether there are no more than `count`. */
  get isEnd(): boolean {
    return this.#isEnd;
  }

  /** Why the page that was read last did not come; null when it did. */
  get error(): unknown {
    return this.#error;
  }

  /** For `useSyncExternalStore`. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Undefined while its page is not here. */
  row(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Says which rows are in view: their pages, and some after them, are read. */
  want(first: number, last: number): void {
    this.#isStopped = false;
    this.#wanted = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
    if (this.#error === null) this.#readWanted();
  }

  retry(): void {
    this.#error = null;
    this.#readWanted();
    this.#changed();
  }

  /** Nothing more is read: nobody looks. */
  stop(): void {
    this.#isStopped = true;
  }

  #readWanted(): void {
    const [first, last] = this.#wanted;
    const end = Math.min(last + AHEAD_PAGES, this.#cursors.length - 1);
    for (let page = Math.min(first, end); page <= end && this.#underWay.size < AT_ONCE; page++) {
      if (!this.#pages.has(page) && !this.#underWay.has(page)) void this.#readPage(page);
    }
  }

  async #readPage(page: number): Promise<void> {
    this.#underWay.add(page);
    try {
      this.#keep(page, await this.#read(this.#cursors[page] as string | null));
    } catch (error) {
      this.#error = error;
    }
    this.#underWay.delete(page);
    if (this.#error === null && !this.#isStopped) this.#readWanted();
    this.#changed();
  }

  #keep(page: number, { data, has_more, next_cursor }: Page<T>): void {
    this.#pages.set(page, data);
    if (page === this.#cursors.length - 1) {
      this.#count = page * PAGE_ROWS + data.length;
      this.#isEnd = !has_more || next_cursor === null;
      if (!this.#isEnd) this.#cursors.push(next_cursor);
    }
    this.#forgetFar();
  }

  #forgetFar(): void {
    const middle = (this.#wanted[0] + this.#wanted[1]) / 2;
    const byDistance = [...this.#pages.keys()].sort(
      (a, b) => Math.abs(b - middle) - Math.abs(a - middle),
    );
    for (const page of byDistance.slice(0, Math.max(0, byDistance.length - KEPT_PAGES))) {
      this.#pages.delete(page);
    }
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
