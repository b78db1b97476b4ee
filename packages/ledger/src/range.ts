import { equalBytes, fromUtf8, toHex } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { leafHash, parseHeader, ZERO_HASH } from './header.ts';
import type { EntryHeader } from './header.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { CompactRange } from './tree.ts';
import type { NodeVisitor } from './tree.ts';

/**
 * That these are all the entries of a log in [from, to), unchanged, without any of their
 * contents. `headers` run from the last entry before `from` to the first at or after `to`; at an
 * end of the log, where there is no such entry, from the first or to the last.
 */
export interface RangeProof {
  readonly origin: string;
  /** `seq` of the first header. Of an empty log: 0. */
  readonly first_seq: number;
  /** `seq` of the last header: first_seq + headers.length - 1. Of an empty log: -1. */
  readonly last_seq: number;
  /** Header texts, exactly as logged. */
  readonly headers: readonly string[];
  /** Compact range [0, first_seq), base64, left to right. */
  readonly left: readonly string[];
  /** Compact range [last_seq + 1, size), base64, left to right. */
  readonly right: readonly string[];
  /** The signed checkpoint. */
  readonly checkpoint: string;
}

export type RangeDamageReason =
  /** The text at this position is not an entry header. */
  | 'malformed'
  /** Another entry stands at this position: one was dropped, put in, or moved. */
  | 'seq'
  /** The entry is not the one that the chain goes through. */
  | 'prev'
  /** The entry is older than the one before it. */
  | 'created_at'
  /** The checkpoint does not reach this far. */
  | 'beyond_checkpoint'
  /** The entry at this position is needed to show where the range begins. */
  | 'incomplete_start'
  /** The entry at this position is needed to show where the range ends. */
  | 'incomplete_end'
  /** A hash in a tile is not the one that the entries give. */
  | 'tile'
  /** The entries hang together, but they are not those that the checkpoint signs. */
  | 'root';

export interface RangeDamage {
  /** The first damaged position; null where the damage cannot be told to one position. */
  readonly seq: number | null;
  readonly reason: RangeDamageReason;
}

/** What came of a check, in the words of `GET /v1/ledger/verify`. */
export interface RangeVerdict {
  readonly ok: boolean;
  readonly origin: string;
  /** Entries under the checkpoint. */
  readonly size: number;
  /** Headers that were checked. */
  readonly checked: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Headers with created_at in [from, to). Means nothing unless ok. */
  readonly within: number;
  /** Empty when ok; else the first damage. */
  readonly broken: readonly RangeDamage[];
  /** Only where the range was left open by `shown`. */
  readonly covers?: CoveredTimes;
}

/**
 * All entries of the log later than `after` and earlier than `before` are shown; null where they
 * are shown to that end of the log.
 */
export interface CoveredTimes {
  readonly after: string | null;
  readonly before: string | null;
}

/** Times are ISO 8601 with a zone, in ms at the finest; an open end is left out. */
export interface TimeRange {
  readonly from?: string;
  readonly to?: string;
  /** Instead of both: whatever range the headers show, which the verdict then names. */
  readonly shown?: true;
}

export interface RangeStart extends TimeRange {
  /** Verified before. */
  readonly checkpoint: Checkpoint;
  readonly first_seq: number;
  /** Compact range [0, first_seq). */
  readonly left: readonly Uint8Array[];
  /** Sees the leaves, and the nodes that they complete. */
  readonly visit?: NodeVisitor;
}

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

/** A time as headers write it, so that texts compare as times do. */
export function normalizeTime(text: string): string {
  const milliseconds = TIME_FORM.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw new LedgerError('invalid_argument', 'Not an ISO 8601 time with a zone.');
  }
  return new Date(milliseconds).toISOString();
}

/**
 * Checks a range header by header, in constant memory: `add` each header in order, then
 * `finish`. With first_seq 0 and no time range it checks a whole log.
 */
export class RangeVerifier {
  readonly #checkpoint: Checkpoint;
  readonly #firstSeq: number;
  readonly #from: string | undefined;
  readonly #to: string | undefined;
  readonly #shown: boolean;
  readonly #visit: NodeVisitor | undefined;
  readonly #hash: Sha256;
  readonly #tree: CompactRange;
  #first: EntryHeader | null = null;
  #last: EntryHeader | null = null;
  #lastLeaf = ZERO_HASH;
  /** Set when the link before `#last` is broken and it is not yet known on which side. */
  #linkBroken = false;
  #damage: RangeDamage | null = null;
  #within = 0;

  constructor(start: RangeStart, hash: Sha256 = sha256) {
    const { checkpoint, first_seq, left, from, to, shown = false } = start;
    this.#checkpoint = checkpoint;
    this.#firstSeq = first_seq;
    this.#from = from === undefined ? undefined : normalizeTime(from);
    this.#to = to === undefined ? undefined : normalizeTime(to);
    this.#shown = shown;
    this.#visit = start.visit;
    this.#hash = hash;
    this.#tree = new CompactRange({ begin: 0, end: first_seq, hashes: left }, hash);
  }

  /** The first damage found so far. */
  get damage(): RangeDamage | null {
    return this.#damage;
  }

  /**
   * Checks the next header, as text or as the bytes of a bundle. It is the attacker's. After the
   * first damage, does nothing.
   */
  add(encoded: string | Uint8Array): void {
    if (this.#damage !== null) return;
    const seq = this.#tree.end;
    const header = tryParse(encoded);
    if (this.#linkBroken) return this.#blame(header, seq - 1);
    if (header === null) return this.#report(seq, 'malformed');
    if (seq >= this.#checkpoint.size) return this.#report(seq, 'beyond_checkpoint');
    if (header.seq !== seq) return this.#report(seq, 'seq');
    this.#linkBroken = !this.#continuesChain(header);
    if (!this.#linkBroken && this.#last !== null && header.created_at < this.#last.created_at) {
      return this.#report(seq, 'created_at');
    }
    this.#accept(header, leafHash(encoded, this.#hash));
  }

  /** The right neighbour [end of the headers, size) closes the tree; it is the attacker's too. */
  finish(right: readonly Uint8Array[]): RangeVerdict {
    if (this.#linkBroken && this.#damage === null) this.#blame(null, this.#tree.end - 1);
    if (this.#damage === null && !this.#rootMatches(right)) this.#report(null, 'root');
    if (this.#damage === null) this.#checkBounds();
    return {
      ok: this.#damage === null,
      origin: this.#checkpoint.origin,
      size: this.#checkpoint.size,
      checked: this.#tree.end - this.#firstSeq,
      first_seq: this.#firstSeq,
      last_seq: this.#tree.end - 1,
      within: this.#within,
      broken: this.#damage === null ? [] : [this.#damage],
      ...(this.#shown ? { covers: this.#covered() } : {}),
    };
  }

  #covered(): CoveredTimes {
    const isStart = this.#firstSeq === 0;
    const isEnd = this.#tree.end === this.#checkpoint.size;
    return {
      after: isStart ? null : (this.#first?.created_at ?? null),
      before: isEnd ? null : (this.#last?.created_at ?? null),
    };
  }

  #report(seq: number | null, reason: RangeDamageReason): void {
    this.#damage = { seq, reason };
  }

  /** The first header of a range has no known predecessor, unless it is the first of the log. */
  #continuesChain(header: EntryHeader): boolean {
    if (this.#last === null && header.seq > 0) return true;
    return header.prev === this.#lastLeaf;
  }

  /**
   * `suspect` does not continue the entry before it. If the entry after it does continue
   * `suspect`, then that one is sound, and the entry before it was changed.
   */
  #blame(next: EntryHeader | null, suspect: number): void {
    const sound = suspect > 0 && (next === null || next.prev === this.#lastLeaf);
    this.#report(sound ? suspect - 1 : suspect, 'prev');
  }

  #accept(header: EntryHeader, leaf: Uint8Array): void {
    this.#tree.append(leaf, this.#visit);
    this.#first ??= header;
    this.#last = header;
    this.#lastLeaf = toHex(leaf);
    if (!this.#isBefore(header) && !this.#isAfter(header)) this.#within += 1;
  }

  #isBefore(header: EntryHeader): boolean {
    return this.#from !== undefined && header.created_at < this.#from;
  }

  #isAfter(header: EntryHeader): boolean {
    return this.#to !== undefined && header.created_at >= this.#to;
  }

  #rootMatches(right: readonly Uint8Array[]): boolean {
    const { size, root } = this.#checkpoint;
    if (this.#tree.end > size) return false;
    const tree = this.#tree.clone();
    try {
      tree.merge(new CompactRange({ begin: tree.end, end: size, hashes: right }, this.#hash));
    } catch {
      return false;
    }
    return equalBytes(tree.root(), root);
  }

  /** The signed entries are these; are they also all that there are in the range? */
  #checkBounds(): void {
    const { size } = this.#checkpoint;
    const [begin, end] = [this.#firstSeq, this.#tree.end];
    if (this.#shown) {
      if (this.#first === null && size > 0) this.#report(begin, 'incomplete_start');
      return;
    }
    if (begin > 0 && (this.#first === null || !this.#isBefore(this.#first))) {
      this.#report(begin - 1, 'incomplete_start');
    } else if (end < size && (this.#last === null || !this.#isAfter(this.#last))) {
      this.#report(end, 'incomplete_end');
    }
  }
}

function tryParse(encoded: string | Uint8Array): EntryHeader | null {
  try {
    return parseHeader(typeof encoded === 'string' ? encoded : fromUtf8(encoded));
  } catch {
    return null;
  }
}

/** Reads a range proof out of JSON. All of it is the attacker's. */
export function parseRangeProof(value: unknown): RangeProof {
  const proof = (typeof value === 'object' ? value : null) as Partial<RangeProof> | null;
  if (
    proof === null ||
    typeof proof.origin !== 'string' ||
    typeof proof.checkpoint !== 'string' ||
    !isAtLeast(proof.first_seq, 0) ||
    !isAtLeast(proof.last_seq, -1) ||
    ![proof.headers, proof.left, proof.right].every(isTexts)
  ) {
    throw new LedgerError('malformed', 'Not a range proof.');
  }
  return proof as RangeProof;
}

const isAtLeast = (value: unknown, minimum: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= minimum;

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
