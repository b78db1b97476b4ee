/** Leaves [begin, end) that have one hash together in the tree: a subtree. */
export type Subtree = readonly [begin: number, end: number];

/** The largest power of two below n. */
export function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/**
 * RFC 9162 section 2.1.3.1: the subtrees whose hashes lead from the leaf at `index` up to the top
 * of a subtree that holds it, from the leaf upwards. Within [0, size) it is PATH(index, D[0:size]).
 */
export function pathSubtrees(index: number, [first, last]: Subtree): Subtree[] {
  const path: Subtree[] = [];
  let [begin, end] = [first, last];
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    path.push(index < middle ? [middle, end] : [begin, middle]);
    if (index < middle) end = middle;
    else begin = middle;
  }
  return path.reverse();
}

/** RFC 9162 section 2.1.4.1, the subtrees of PROOF(older, D[0:newer]), from below upwards. */
export function consistencySubtrees(older: number, newer: number): Subtree[] {
  if (older === 0 || older === newer) return [];
  const path: Subtree[] = [];
  let [begin, end] = [0, newer];
  while (older !== end) {
    const middle = begin + splitPoint(end - begin);
    path.push(older <= middle ? [middle, end] : [begin, middle]);
    if (older <= middle) end = middle;
    else begin = middle;
  }
  // What is left over is a subtree of both trees; at 0 it is the whole older tree, which the
  // verifier knows already.
  if (begin > 0) path.push([begin, end]);
  return path.reverse();
}
