import type { Term } from './terms.ts';

const FIRST_SLOTS = 1 << 12;
const FIRST_LINKS = 1 << 14;
/** Positions are of 16 bits. */
const POSITIONS_MAX = 1 << 16;
const FREE = -1;

/**
 * Terms and, for each, its positions in ascending order: a hash table with open addressing whose
 * chains run through typed arrays. A segment brings millions of positions; as objects they would
 * cost more than everything else the indexer does.
 */
export class PositionLists {
  #terms = new Float64Array(FIRST_SLOTS);
  /** The newest link of the term in this slot. */
  #heads = new Int32Array(FIRST_SLOTS).fill(FREE);
  #counts = new Int32Array(FIRST_SLOTS);
  #used = 0;
  #positions = new Uint16Array(FIRST_LINKS);
  /** The link before, of the same term. */
  #before = new Int32Array(FIRST_LINKS);
  #links = 0;
  readonly #asked = new Uint16Array(POSITIONS_MAX);

  /** Below 65,536 and not below the last one of this term; equal to it does nothing. */
  add(term: Term, position: number): void {
    const slot = this.#slotOf(term);
    const head = this.#heads[slot] as number;
    if (head === FREE) {
      this.#terms[slot] = term;
      this.#used++;
    } else if (this.#positions[head] === position) return;
    if (this.#links === this.#positions.length) this.#growLinks();
    this.#positions[this.#links] = position;
    this.#before[this.#links] = head;
    this.#heads[slot] = this.#links++;
    this.#counts[slot]!++;
    if (head === FREE && this.#used * 2 > this.#terms.length) this.#growSlots();
  }

  /** All terms, ascending. */
  terms(): Float64Array {
    const terms = new Float64Array(this.#used);
    let found = 0;
    for (let slot = 0; slot < this.#heads.length; slot++) {
      if (this.#heads[slot] !== FREE) terms[found++] = this.#terms[slot] as Term;
    }
    return terms.sort();
  }

  /** The positions of a term; only until the next call. */
  positionsOf(term: Term): Uint16Array {
    const slot = this.#slotOf(term);
    const count = this.#counts[slot] as number;
    let link = this.#heads[slot] as number;
    for (let i = count - 1; i >= 0; i--) {
      this.#asked[i] = this.#positions[link] as number;
      link = this.#before[link] as number;
    }
    return this.#asked.subarray(0, count);
  }

  #slotOf(term: Term): number {
    const mask = this.#terms.length - 1;
    let slot = (term >>> 0) & mask;
    while (this.#heads[slot] !== FREE && this.#terms[slot] !== term) slot = (slot + 1) & mask;
    return slot;
  }

  #growLinks(): void {
    const length = this.#positions.length * 2;
    const positions = new Uint16Array(length);
    positions.set(this.#positions);
    this.#positions = positions;
    const before = new Int32Array(length);
    before.set(this.#before);
    this.#before = before;
  }

  #growSlots(): void {
    const [terms, heads, counts] = [this.#terms, this.#heads, this.#counts];
    const length = terms.length * 2;
    this.#terms = new Float64Array(length);
    this.#heads = new Int32Array(length).fill(FREE);
    this.#counts = new Int32Array(length);
    for (let i = 0; i < terms.length; i++) {
      if (heads[i] === FREE) continue;
      const slot = this.#slotOf(terms[i] as number);
      this.#terms[slot] = terms[i] as number;
      this.#heads[slot] = heads[i] as number;
      this.#counts[slot] = counts[i] as number;
    }
  }
}
