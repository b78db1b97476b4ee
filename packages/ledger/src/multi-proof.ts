import { equalBytes } from './bytes.ts';
import { LedgerError } from './error.ts';
import { subtreeHash } from './proof.ts';
import { requireHash, sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { pathSubtrees, splitPoint } from './subtrees.ts';
import type { Subtree } from './subtrees.ts';
import type { NodeReader } from './tiles.ts';
import { nodeHash } from './tree.ts';

/**
 * Many entries of one tree, proved one after another in the order of their places. Each has its
 * inclusion path, but for the hashes that the paths before have given: a path goes up from the leaf
 * to the first subtree whose hash is known. Nothing is given twice, each entry is proved where it
 * stands, and both sides need memory for one path only.
 */

/** The smallest subtree that is known once `previous` is proved, and that holds `index`. */
function knownSubtree(previous: number | null, index: number, size: number): Subtree {
  let [begin, end] = [0, size];
  if (previous === null) return [begin, end];
  for (;;) {
    const middle = begin + splitPoint(end - begin);
    if (previous < middle && index >= middle) return [middle, end];
    if (index < middle) end = middle;
    else begin = middle;
  }
}

const inOrder = (previous: number | null, index: number, size: number): boolean =>
  Number.isSafeInteger(index) && index > (previous ?? -1) && index < size;

/** The path of an entry that follows `previous` (null for the first) in a proof of many. */
export async function nextPath(
  previous: number | null,
  index: number,
  size: number,
  read: NodeReader,
  hash: Sha256 = sha256,
): Promise<Uint8Array[]> {
  if (!inOrder(previous, index, size)) {
    throw new LedgerError('invalid_argument', 'The entries of a proof are in order.');
  }
  const path = pathSubtrees(index, knownSubtree(previous, index, size));
  return Promise.all(path.map((tree) => subtreeHash(tree, read, hash)));
}

interface KnownHash {
  readonly subtree: Subtree;
  readonly hash: Uint8Array;
}

/** Checks such a proof entry by entry, against the root of a verified checkpoint. */
export class MultiproofVerifier {
  readonly #size: number;
  readonly #hash: Sha256;
  /** What is known to the right of the last entry, the nearest at the end. */
  readonly #known: KnownHash[] = [];
  #last: number | null = null;

  constructor(size: number, root: Uint8Array, hash: Sha256 = sha256) {
    this.#size = size;
    this.#hash = hash;
    if (size > 0) this.#known.push({ subtree: [0, size], hash: root });
  }

  /** Throws `proof_failed` unless the leaf is at `index`, behind the entries before. */
  add(index: number, leaf: Uint8Array, path: readonly Uint8Array[]): void {
    if (!inOrder(this.#last, index, this.#size)) throw failed('the entry is not in its order');
    let known = this.#known.pop()!;
    while (known.subtree[1] <= index) known = this.#known.pop()!;
    const siblings = pathSubtrees(index, known.subtree);
    if (siblings.length !== path.length) throw failed('the path has another length');
    let top = requireHash(leaf, 'The leaf hash');
    const right: KnownHash[] = [];
    for (const [i, subtree] of siblings.entries()) {
      const hash = requireHash(path[i]!, 'A hash of the path');
      const isRight = subtree[0] > index;
      top = isRight ? nodeHash(top, hash, this.#hash) : nodeHash(hash, top, this.#hash);
      if (isRight) right.push({ subtree, hash });
    }
    if (!equalBytes(top, known.hash)) throw failed('the entry is not in the tree that was signed');
    this.#known.push(...right.reverse());
    this.#last = index;
  }
}

const failed = (reason: string): LedgerError =>
  new LedgerError('proof_failed', `The proof does not hold: ${reason}.`);
