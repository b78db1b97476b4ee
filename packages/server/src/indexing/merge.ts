import { PageWriter, readPage, SEGMENT_ENTRIES_MAX, type Page } from './postings.ts';
import type { Positions } from './postings.ts';
import type { Term } from './terms.ts';

/** A segment on its way into a larger one. */
export interface Source {
  /** Its pages in order. */
  readonly pages: AsyncIterable<Uint8Array>;
  /** Where its first entry stands in the larger one. */
  readonly offset: number;
}

const AT_END = Infinity;

/** Reads the terms of one source in order. */
class Cursor {
  readonly #pages: AsyncIterator<Uint8Array>;
  readonly #offset: number;
  #page: Iterator<{ term: Term; positions: Positions }> = [].values();
  #positions: Positions | null = null;
  term: Term = AT_END;

  constructor({ pages, offset }: Source) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#offset = offset;
  }

  /** Goes to the next term of the page; false where another page is needed. */
  advance(): boolean {
    const { value, done } = this.#page.next();
    if (done === true) return false;
    this.term = value.term;
    this.#positions = value.positions;
    return true;
  }

  /** Goes to the first term of the next page, or to the end. */
  async turn(): Promise<void> {
    const { value, done } = await this.#pages.next();
    this.term = AT_END;
    if (done === true) return;
    this.#page = readPage(value);
    this.advance();
  }

  /** Appends the positions of the term, as they are in the larger segment; returns their end. */
  copyTo(target: Uint16Array, end: number): number {
    let at = end;
    this.#positions?.visit((position) => (target[at++] = this.#offset + position));
    return at;
  }
}

/**
 * The pages of the segment that these make together, from left to right. They are read side by
 * side, a page of each at a time, so that merging takes no more memory than that.
 */
export async function* mergePages(sources: readonly Source[]): AsyncGenerator<Page> {
  const cursors = sources.map((source) => new Cursor(source));
  for (const cursor of cursors) await cursor.turn();
  const terms = Float64Array.from(cursors, ({ term }) => term);
  const positions = new Uint16Array(SEGMENT_ENTRIES_MAX);
  const writer = new PageWriter();
  for (let term = least(terms); term !== AT_END; term = least(terms)) {
    let end = 0;
    for (let i = 0; i < terms.length; i++) {
      if (terms[i] !== term) continue;
      const cursor = cursors[i] as Cursor;
      end = cursor.copyTo(positions, end);
      if (!cursor.advance()) await cursor.turn();
      terms[i] = cursor.term;
    }
    const full = writer.add(term, positions.subarray(0, end));
    if (full) yield full;
  }
  const last = writer.take();
  if (last) yield last;
}

function least(terms: Float64Array): Term {
  let found = AT_END;
  for (let i = 0; i < terms.length; i++) if (terms[i]! < found) found = terms[i]!;
  return found;
}
