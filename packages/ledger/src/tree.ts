import { LedgerError } from './error.ts';
import { requireHash, sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';

const NODE_PREFIX = Uint8Array.of(0x01);

/** RFC 6962 section 2.1: SHA-256(0x01 ‖ left ‖ right). 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(NODE_PREFIX, left, right);
}

/** Root of a tree without leaves: SHA-256 of nothing. Frozen by convention; never write to it. */
export const EMPTY_ROOT: Uint8Array = sha256();

/**
 * A node of the tree that covers a whole, aligned power of two of leaves: those in
 * [index × 2^level, (index + 1) × 2^level). Once its leaves are there, it never changes.
 */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

export type NodeVisitor = (level: number, index: number, hash: Uint8Array) => void;

/** What there is to keep of a compact range: `hashes` go from left to right. */
export interface CompactRangeState {
  readonly begin: number;
  readonly end: number;
  readonly hashes: readonly Uint8Array[];
}

/**
 * The fewest nodes that cover the leaves [begin, end), from left to right: at most two for each
 * level. (transparency-dev/merkle, docs/compact_ranges.md)
 */
export function rangeNodes(begin: number, end: number): NodeId[] {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw new LedgerError('invalid_argument', 'Not a range of leaves.');
  }
  const nodes: NodeId[] = [];
  for (let at = begin; at < end;) {
    let level = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      level += 1;
      width *= 2;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/**
 * A compact range: the leaves [begin, end) as the O(log n) hashes that cover them. It grows at
 * its right end, joins its right neighbour, and, when it begins at 0, gives the root of the tree.
 * With it a log of any size is appended to, or verified, in constant memory.
 */
export class CompactRange {
  readonly begin: number;
  #end: number;
  readonly #hashes: Uint8Array[];
  readonly #hash: Sha256;

  /** Takes up a kept state; without one, the empty range at 0. The state is not changed. */
  constructor(state?: CompactRangeState, hash: Sha256 = sha256) {
    const { begin, end, hashes } = state ?? { begin: 0, end: 0, hashes: [] };
    if (rangeNodes(begin, end).length !== hashes.length) {
      throw new LedgerError('malformed', 'A compact range has a fixed number of hashes.');
    }
    for (const node of hashes) requireHash(node, 'A hash of the compact range');
    this.begin = begin;
    this.#end = end;
    this.#hashes = [...hashes];
    this.#hash = hash;
  }

  get end(): number {
    return this.#end;
  }

  /** The state to keep; later appends do not change it. */
  state(): CompactRangeState {
    return { begin: this.begin, end: this.#end, hashes: [...this.#hashes] };
  }

  /** An independent copy, to grow in trial. */
  clone(): CompactRange {
    return new CompactRange(this.state(), this.#hash);
  }

  /** Adds one leaf. The visitor sees the leaf, then each node that it completes, upwards. */
  append(leaf: Uint8Array, visit?: NodeVisitor): void {
    requireHash(leaf, 'A leaf hash');
    visit?.(0, this.#end, leaf);
    this.#push(0, this.#end, leaf, visit);
    this.#end += 1;
  }

  /** Joins the range that begins where this one ends. The visitor sees the nodes this makes. */
  merge(right: CompactRange, visit?: NodeVisitor): void {
    if (right.begin !== this.#end) {
      throw new LedgerError('invalid_argument', 'Only a neighbour can be joined.');
    }
    const nodes = rangeNodes(right.begin, right.end);
    for (let i = 0; i < nodes.length; i += 1) {
      this.#push(nodes[i]!.level, nodes[i]!.index, right.#hashes[i]!, visit);
    }
    this.#end = right.end;
  }

  /** RFC 6962 root of the tree of all leaves up to the end. Only for a range from 0. */
  root(): Uint8Array {
    if (this.begin !== 0) throw new LedgerError('invalid_argument', 'Only [0, n) has a root.');
    let root = this.#hashes.at(-1);
    if (root === undefined) return EMPTY_ROOT.slice();
    for (let i = this.#hashes.length - 2; i >= 0; i -= 1) {
      root = nodeHash(this.#hashes[i]!, root, this.#hash);
    }
    return root;
  }

  /** Puts a node at the right end, and joins it with its left sibling as often as there is one. */
  #push(level: number, index: number, node: Uint8Array, visit?: NodeVisitor): void {
    let width = 2 ** level;
    let [l, i, hash] = [level, index, node];
    while (i % 2 === 1 && (i - 1) * width >= this.begin) {
      hash = nodeHash(this.#hashes.pop()!, hash, this.#hash);
      l += 1;
      i = (i - 1) / 2;
      width *= 2;
      visit?.(l, i, hash);
    }
    this.#hashes.push(hash);
  }
}
