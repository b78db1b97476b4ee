import { fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

import { StoreFailure } from '../port.ts';

/**
 * Zeroes what SQLite leaves behind in pages that are still in use.
 *
 * `secure_delete` zeroes a row where it stands when it is deleted. But rows move: when a page is
 * split or merged, SQLite lays out its cells anew and leaves the old bytes in the gap between the
 * cell pointers and the cells. About one row in a hundred of ours has such a copy, and deleting the
 * row does not reach it. `VACUUM` would, by writing the whole database twice while nobody else can
 * write. This reads it once, a few pages at a time, and overwrites gaps alone: bytes that belong to
 * nothing (https://www.sqlite.org/fileformat2.html, section 1.6). A crash in between leaves a sound
 * database.
 *
 * The caller sees to it that the file is the whole truth meanwhile: the write-ahead file is empty,
 * nobody else can write, and pages that were cached before are not written back after.
 */

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
/** Where SQLite locks: the page around it holds nothing. */
const LOCK_BYTE = 0x4000_0000;

/** Kinds of pages in the pointer map (section 1.8): only these two are B-trees. */
const ROOT = 1;
const BELOW_ROOT = 5;
/** Bytes of the header of a B-tree page, by its type. */
const TREE_HEADERS: Readonly<Record<number, number>> = { 2: 12, 5: 12, 10: 8, 13: 8 };

/** A database file as it lies on the disk. */
export class PageFile {
  readonly #file: number;

  /**
   * Never closed before the process ends: POSIX drops all locks of a process on a file when any
   * descriptor of it is closed, those of SQLite's own connections too.
   */
  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /** Zeroes the gaps of `count` pages from page `first` (1 is the first); null behind the last. */
  rinse(first: number, count: number): { readonly next: number | null; readonly zeroed: number } {
    const shape = this.#shape();
    const end = Math.min(first + count, shape.pages + 1);
    const page = Buffer.alloc(shape.size);
    let zeroed = 0;
    for (let number = first; number < end; number++) {
      if (!this.#isTree(shape, number)) continue;
      this.#read(page, shape, number);
      const [from, to] = gapOf(page, number, shape.usable);
      if (isZero(page, from, to)) continue;
      page.fill(0, from, to);
      writeSync(this.#file, page, from, to - from, (number - 1) * shape.size + from);
      zeroed++;
    }
    if (zeroed > 0) fsyncSync(this.#file);
    return { next: end > shape.pages ? null : end, zeroed };
  }

  #shape(): Shape {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.#file, header, 0, HEADER_BYTES, 0);
    const size = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const pages = fstatSync(this.#file).size / size;
    const isKnown =
      header.toString('latin1', 0, 16) === MAGIC &&
      header.readUInt32BE(28) === pages &&
      // Without a pointer map nothing says what a page is.
      header.readUInt32BE(52) > 0;
    if (!isKnown) throw new StoreFailure('damaged', 'the database file is not as it was made');
    return { size, usable: size - (header[20] as number), pages };
  }

  #read(page: Buffer, { size }: Shape, number: number): void {
    if (readSync(this.#file, page, 0, size, (number - 1) * size) === size) return;
    throw new StoreFailure('io_error', 'the database file ends early');
  }

  #isTree({ size, usable }: Shape, number: number): boolean {
    if (number === 1) return true;
    const lockPage = LOCK_BYTE / size + 1;
    const perMap = Math.floor(usable / 5) + 1;
    const place = Math.floor((number - 2) / perMap) * perMap + 2;
    const map = place === lockPage ? place + 1 : place;
    if (number === map || number === lockPage || number < map) return false;
    const entry = Buffer.alloc(1);
    readSync(this.#file, entry, 0, 1, (map - 1) * size + (number - map - 1) * 5);
    return entry[0] === ROOT || entry[0] === BELOW_ROOT;
  }
}

interface Shape {
  /** Bytes of a page. */
  readonly size: number;
  readonly usable: number;
  readonly pages: number;
}

/** From the end of the cell pointers to the first cell. */
function gapOf(page: Buffer, number: number, usable: number): readonly [number, number] {
  const start = number === 1 ? HEADER_BYTES : 0;
  const header = TREE_HEADERS[page[start] as number];
  const from = start + (header ?? 0) + page.readUInt16BE(start + 3) * 2;
  const to = page.readUInt16BE(start + 5) || 65_536;
  if (header !== undefined && from <= to && to <= usable) return [from, to];
  throw new StoreFailure('damaged', `page ${number} of the database is not what it should be`);
}

const ZEROS = Buffer.alloc(65_536);

function isZero(page: Buffer, from: number, to: number): boolean {
  return page.compare(ZEROS, 0, to - from, from, to) === 0;
}
