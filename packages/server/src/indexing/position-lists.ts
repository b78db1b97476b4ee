import type { Term } from './terms.ts';

const FIRST_SLOTS = 1 << 12;
const FIRST_LINKS = 1 << 14;
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
    return this.#terms.filter((_, slot) => this.#heads[slot] !== FREE).sort();
  }

  positionsOf(term: Term): Uint16Array {
    const slot = this.#slotOf(term);
    const positions = new Uint16Array(this.#counts[slot] as number);
    let link = this.#heads[slot] as number;
    for (let i = positions.length - 1; i >= 0; i--) {
      positions[i] = this.#positions[link] as number;
      link = this.#before[link] as number;
    }
    return positions;
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
