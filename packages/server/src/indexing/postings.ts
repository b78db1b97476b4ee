import { PositionLists } from './position-lists.ts';
import type { Term } from './terms.ts';

/**
 * A segment says, for each term, at which of its entries the term occurs. Positions are relative
 * to the segment's first entry and below 65,536. Terms stand in ascending order in pages:
 *
 *   u32 count · count × (f64 term, u32 end of its positions) · positions
 *
 * all little-endian. Positions are a list of u16 or, from 4,096 of them, a bitmap of 8,192 bytes.
 */
export const SEGMENT_ENTRIES_MAX = 65_536;
const BITMAP_BYTES = SEGMENT_ENTRIES_MAX / 8;
const PAGE_BYTES = 8000;
const HEAD_BYTES = 4;
const TERM_BYTES = 12;
const POSITION_BYTES = 2;

export interface Page {
  readonly first_term: Term;
  readonly page: Uint8Array;
}

/** Collects the terms of entries and lays them out in pages. */
export class SegmentBuilder {
  readonly #lists = new PositionLists();

  /** Positions of one term must come in ascending order; repeating the last one does nothing. */
  add(term: Term, position: number): void {
    this.#lists.add(term, position);
  }

  *pages(): Generator<Page> {
    const writer = new PageWriter();
    for (const term of this.#lists.terms()) {
      const full = writer.add(term, this.#lists.positionsOf(term));
      if (full) yield full;
    }
    const last = writer.take();
    if (last) yield last;
  }
}

/** Lays out terms in pages as they come, in ascending order. */
export class PageWriter {
  readonly #terms = new Float64Array(PAGE_BYTES / TERM_BYTES);
  /** Where the positions of each term end. */
  readonly #ends = new Uint32Array(PAGE_BYTES / TERM_BYTES);
  /** One term may be larger than a page. */
  readonly #positions = new Uint8Array(PAGE_BYTES + BITMAP_BYTES);
  #count = 0;
  #end = 0;

  /** Positions in ascending order. Returns the page that had no room for the term, if it is full. */
  add(term: Term, positions: Uint16Array): Page | null {
    const bytes = Math.min(positions.length * POSITION_BYTES, BITMAP_BYTES);
    const size = HEAD_BYTES + (this.#count + 1) * TERM_BYTES + this.#end + bytes;
    const full = this.#count > 0 && size > PAGE_BYTES ? this.take() : null;
    encodePositions(positions, this.#positions.subarray(this.#end, this.#end + bytes));
    this.#end += bytes;
    this.#terms[this.#count] = term;
    this.#ends[this.#count++] = this.#end;
    return full;
  }

  /** The page that is begun, if there is one. */
  take(): Page | null {
    if (this.#count === 0) return null;
    const data = HEAD_BYTES + this.#count * TERM_BYTES;
    const page = new Uint8Array(data + this.#end);
    const view = new DataView(page.buffer);
    view.setUint32(0, this.#count, true);
    for (let i = 0; i < this.#count; i++) {
      view.setFloat64(HEAD_BYTES + i * TERM_BYTES, this.#terms[i] as Term, true);
      view.setUint32(HEAD_BYTES + i * TERM_BYTES + 8, this.#ends[i] as number, true);
    }
    page.set(this.#positions.subarray(0, this.#end), data);
    this.#count = 0;
    this.#end = 0;
    return { first_term: this.#terms[0] as Term, page };
  }
}

/** As a list, or as a bitmap where that is what there is room for. */
function encodePositions(positions: Uint16Array, target: Uint8Array): void {
  if (target.length === BITMAP_BYTES) {
    target.fill(0);
    for (const position of positions) target[position >> 3]! |= 1 << (position & 7);
    return;
  }
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number;
    target[POSITION_BYTES * i] = position & 0xff;
    target[POSITION_BYTES * i + 1] = position >> 8;
  }
}

/** Every term of a page with its positions, in ascending order of terms. */
export function* readPage(page: Uint8Array): Generator<{ term: Term; positions: Positions }> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const count = view.getUint32(0, true);
  for (let i = 0; i < count; i++) {
    yield {
      term: view.getFloat64(HEAD_BYTES + i * TERM_BYTES, true),
      positions: positionsAt(page, view, count, i),
    };
  }
}

/**
 * A page without these positions: undefined where it has none of them, null where nothing is left.
 * The page keeps its place, though the term it begins with may be gone.
 */
export function withoutPositions(page: Uint8Array, gone: Bits): Uint8Array | null | undefined {
  const writer = new PageWriter();
  let changed = false;
  for (const { term, positions } of readPage(page)) {
    const left: number[] = [];
    positions.visit((position) => {
      if (gone.has(position)) changed = true;
      else left.push(position);
    });
    // Less than there was, so that it stays one page.
    if (left.length > 0) writer.add(term, Uint16Array.from(left));
  }
  if (!changed) return undefined;
  return writer.take()?.page ?? null;
}

/** The positions of one term in the page that would hold it, or null. */
export function findInPage(page: Uint8Array, term: Term): Positions | null {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const count = view.getUint32(0, true);
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = view.getFloat64(HEAD_BYTES + middle * TERM_BYTES, true);
    if (found === term) return positionsAt(page, view, count, middle);
    if (found < term) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

function positionsAt(page: Uint8Array, view: DataView, count: number, i: number): Positions {
  const data = HEAD_BYTES + count * TERM_BYTES;
  const endOf = (at: number) =>
    at < 0 ? 0 : view.getUint32(HEAD_BYTES + at * TERM_BYTES + 8, true);
  return new Positions(page.subarray(data + endOf(i - 1), data + endOf(i)));
}

/** The positions of one term in one segment, still encoded. */
export class Positions {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isBitmap(): boolean {
    return this.#bytes.length === BITMAP_BYTES;
  }

  get count(): number {
    if (!this.isBitmap) return this.#bytes.length / 2;
    let count = 0;
    for (const byte of this.#bytes) count += BITS[byte] as number;
    return count;
  }

  /** Sets the bit of each position. */
  addTo(bits: Bits): void {
    const bytes = this.#bytes;
    if (this.isBitmap) {
      const set = bits.bytes;
      for (let i = 0; i < set.length; i++) set[i]! |= bytes[i] as number;
      return;
    }
    for (let i = 0; i < bytes.length; i += 2) bits.set((bytes[i]! | (bytes[i + 1]! << 8)) >>> 0);
  }

  /** Calls back with each position, ascending. */
  visit(callback: (position: number) => void): void {
    const bytes = this.#bytes;
    if (this.isBitmap) {
      for (let i = 0; i < bytes.length; i++) {
        for (let rest = bytes[i] as number; rest !== 0; rest &= rest - 1) {
          callback(i * 8 + 31 - Math.clz32(rest & -rest));
        }
      }
      return;
    }
    for (let i = 0; i < bytes.length; i += 2) callback(bytes[i]! | (bytes[i + 1]! << 8));
  }
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** A set of positions within a segment. */
export class Bits {
  readonly size: number;
  readonly bytes: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array((size + 7) >> 3);
  }

  set(position: number): void {
    this.bytes[position >> 3]! |= 1 << (position & 7);
  }

  has(position: number): boolean {
    return (this.bytes[position >> 3]! & (1 << (position & 7))) !== 0;
  }

  clear(position: number): void {
    this.bytes[position >> 3]! &= ~(1 << (position & 7));
  }

  /** Keeps what is in both. False when nothing is left. */
  intersect(other: Bits): boolean {
    let any = 0;
    for (let i = 0; i < this.bytes.length; i++) any |= this.bytes[i]! &= other.bytes[i] as number;
    return any !== 0;
  }

  get count(): number {
    return this.countBetween(0, this.size);
  }

  /** How many positions are in [first, end). */
  countBetween(first: number, end: number): number {
    let count = 0;
    let position = first;
    for (; position < end && (position & 7) !== 0; position++) count += this.has(position) ? 1 : 0;
    for (; position + 8 <= end; position += 8) count += BITS[this.bytes[position >> 3]!] as number;
    for (; position < end; position++) count += this.has(position) ? 1 : 0;
    return count;
  }

  *ascending(): Generator<number> {
    for (let i = 0; i < this.bytes.length; i++) {
      const byte = this.bytes[i] as number;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) yield i * 8 + bit;
    }
  }

  *descending(): Generator<number> {
    for (let i = this.bytes.length - 1; i >= 0; i--) {
      const byte = this.bytes[i] as number;
      if (byte === 0) continue;
      for (let bit = 7; bit >= 0; bit--) if (byte & (1 << bit)) yield i * 8 + bit;
    }
  }
}
