import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { leafHash } from './header.ts';
import { makeLog, platformSha256 } from './log.fixture.ts';
import { MultiproofVerifier, nextPath } from './multi-proof.ts';
import { inclusionProof } from './proof.ts';

const SIZE = 77;
const LOG = makeLog(SIZE);

async function pathsOf(seqs: readonly number[], size: number): Promise<Uint8Array[][]> {
  return Promise.all(seqs.map((seq, i) => nextPath(seqs[i - 1] ?? null, seq, size, LOG.read)));
}

const sizes = fc.integer({ min: 1, max: SIZE });
const somePlaces = sizes.chain((size) =>
  fc.record({ size: fc.constant(size), seqs: fc.subarray([...Array(size).keys()]) }),
);

test('any entries of any log are proved in their order, and no hash is given twice', async () => {
  await fc.assert(
    fc.asyncProperty(somePlaces, async ({ size, seqs }) => {
      const paths = await pathsOf(seqs, size);
      const verifier = new MultiproofVerifier(size, LOG.rootAt(size), platformSha256);
      for (const [i, seq] of seqs.entries()) verifier.add(seq, LOG.leaves[seq]!, paths[i]!);
      const hashes = paths.flat().map((hash) => Buffer.from(hash).toString('hex'));
      assert.equal(new Set(hashes).size, hashes.length);
    }),
  );
});

test('the first path is the inclusion proof; all entries need one hash each but for one', async () => {
  assert.deepEqual(
    await nextPath(null, 40, SIZE, LOG.read),
    await inclusionProof(40, SIZE, LOG.read),
  );
  const all = await pathsOf([...Array(SIZE).keys()], SIZE);
  assert.equal(all.flat().length, SIZE - 1);
});

test('each changed leaf, hash or place is found at its entry', async () => {
  const cases = somePlaces.filter(({ seqs }) => seqs.length > 0);
  await fc.assert(
    fc.asyncProperty(cases, fc.nat(), fc.nat(), async ({ size, seqs }, which, what) => {
      const paths = await pathsOf(seqs, size);
      const at = which % seqs.length;
      const verifier = new MultiproofVerifier(size, LOG.rootAt(size));
      const add = (i: number) => verifier.add(seqs[i]!, LOG.leaves[seqs[i]!]!, paths[i]!);
      for (let i = 0; i < at; i += 1) add(i);
      const [seq, path] = [seqs[at]!, paths[at]!];
      const spoilt = path.map((hash, i) => (i === what % path.length ? leafHash(hash) : hash));
      const other = leafHash('other');
      const wrong: (() => void)[] = [
        () => verifier.add(seq, other, path),
        () => verifier.add(seq, LOG.leaves[seq]!, [...path, other]),
        () => verifier.add(seq, LOG.leaves[seq]!, path.slice(1).concat(path.length ? [] : [other])),
        () => verifier.add(size, LOG.leaves[seq]!, path),
        () => verifier.add(seqs[at - 1] ?? -1, LOG.leaves[seq]!, path),
      ];
      if (path.length > 0) wrong.push(() => verifier.add(seq, LOG.leaves[seq]!, spoilt));
      assert.throws(wrong[what % wrong.length]!, { name: 'LedgerError', code: 'proof_failed' });
    }),
    { numRuns: 300 },
  );
});

test('places that are not in order, or not in the tree, have no path', async () => {
  for (const [previous, index] of [
    [5, 5],
    [5, 4],
    [null, SIZE],
    [null, -1],
    [null, 0.5],
  ] as const) {
    await assert.rejects(nextPath(previous, index, SIZE, LOG.read), { code: 'invalid_argument' });
  }
  const empty = new MultiproofVerifier(0, LOG.rootAt(0));
  assert.throws(() => empty.add(0, LOG.leaves[0]!, []), { code: 'proof_failed' });
});
