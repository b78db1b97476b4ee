/**
 * What is wrong with a log. The words that `RangeDamageReason` of the ledger has mean the same
 * here. Closed: a caller may switch on it.
 */
export type Reason =
  /** There is no entry at this position. */
  | 'missing'
  /** The database cannot give this back as it was written. */
  | 'unreadable'
  /** The text at this position is not an entry header. */
  | 'malformed'
  /** Another entry stands at this position: it was moved, or put in. */
  | 'seq'
  /** The entry has another id than its header says, or the same as another entry. */
  | 'event_id'
  /** The entry is older than the one before it, or has another time than its header says. */
  | 'created_at'
  /** The header is not the one that the stored leaf hash was made of. */
  | 'leaf_hash'
  /** Header and leaf hash agree, but it is not the entry that chain and tree were built over. */
  | 'prev'
  /** A part is not the one that the header commits to, or is one too many. */
  | 'part'
  /** A stored tile of the tree is missing, too many, or not made of these entries. */
  | 'tile'
  /** The entry, or what belongs to it, is beyond the end of the log. */
  | 'beyond_checkpoint'
  /** The entry at this position is needed to show where the range begins, or ends. */
  | 'incomplete_start'
  | 'incomplete_end'
  /** What is kept to go on with, the end of chain and tree, is not that of these entries. */
  | 'head'
  /** The checkpoint is none, or one of another log or size. */
  | 'checkpoint'
  /** The checkpoint is not signed as it should be, by the keys in force at its size. */
  | 'signature'
  /**
   * The entries hang together, but they are not those that the checkpoint signs. Where there is a
   * position, the damage is there or soon after.
   */
  | 'root';

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
