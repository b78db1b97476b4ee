/**
 * What can be wrong with a log, in a closed list. The words that `RangeDamageReason` of the ledger
 * has mean the same here.
 */
export const REASONS = {
  missing: 'there is no entry at this position',
  unreadable: 'the database cannot give this back as it was written',
  malformed: 'the text at this position is not an entry header',
  seq: 'another entry stands at this position: it was moved, or put in',
  event_id: 'the entry has another id than its header says, or the same as another entry',
  created_at: 'the entry is older than the one before it, or than its header says',
  leaf_hash: 'the header is not the one that the stored leaf hash was made of',
  prev: 'it is another entry than the one that chain and tree were built over',
  part: 'a part is not the one that the header commits to, or is one too many',
  part_missing: 'a part is gone, and no entry says that it was swept or erased',
  tile: 'a stored tile of the tree is missing, too many, or not made of these entries',
  beyond_checkpoint: 'the entry, or what belongs to it, is beyond the end of the log',
  incomplete_start: 'the entry does not show where the range begins',
  incomplete_end: 'the entry does not show where the range ends',
  head: 'what is kept of the end of chain and tree is not that of these entries',
  checkpoint: 'the checkpoint is none, or one of another log',
  signature: 'the checkpoint is not signed by the keys in force at its size',
  /** With a position: there, or soon after it. */
  root: 'the entries hang together, but they are not those that the checkpoint signs',
} as const;

export type Reason = keyof typeof REASONS;

export interface Finding {
  /** The damaged position; null where the damage cannot be told to one. */
  readonly seq: number | null;
  readonly reason: Reason;
}

/** The first reason found for each position in [first, end), up to a number of them. */
export class Findings {
  readonly #first: number;
  readonly #end: number;
  readonly #max: number;
  readonly #bySeq = new Map<number, Finding>();
  readonly #others = new Map<Reason, Finding>();
  #more = false;

  constructor({ first, end, max }: { first: number; end: number; max: number }) {
    this.#first = first;
    this.#end = end;
    this.#max = max;
  }

  add(seq: number | null, reason: Reason): void {
    if (seq === null) {
      this.#others.set(reason, { seq, reason });
    } else if (seq >= this.#first && seq < this.#end && !this.#bySeq.has(seq)) {
      if (this.#bySeq.size < this.#max) this.#bySeq.set(seq, { seq, reason });
      else this.#more = true;
    }
  }

  /** Whether there is one in [first, end). */
  within(first: number, end: number): boolean {
    for (const seq of this.#bySeq.keys()) if (seq >= first && seq < end) return true;
    return false;
  }

  get none(): boolean {
    return this.#bySeq.size === 0 && this.#others.size === 0;
  }

  /** Whether there were more than are kept: then it is no use to look for others. */
  get more(): boolean {
    return this.#more;
  }

  /** By position; what has none comes last. */
  list(): Finding[] {
    const placed = [...this.#bySeq.values()].sort((a, b) => (a.seq as number) - (b.seq as number));
    return [...placed, ...this.#others.values()];
  }
}
