import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromHex, toHex, u64ToBytes } from './bytes.ts';
import { leafHash } from './header.ts';
import { platformSha256 } from './log.fixture.ts';
import { CompactRange, EMPTY_ROOT, nodeHash, rangeNodes } from './tree.ts';

const LEAVES = Array.from({ length: 300 }, (_, i) => leafHash(u64ToBytes(i)));

/** MTH of RFC 6962 section 2.1, word for word, over leaf hashes. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function rangeOf(begin: number, end: number): CompactRange {
  const hashes = rangeNodes(begin, end).map(({ level, index }) =>
    naiveRoot(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level)),
  );
  return new CompactRange({ begin, end, hashes });
}

test('the roots of the Certificate Transparency test vectors', () => {
  const inputs = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  for (const hash of [undefined, platformSha256]) {
    const tree = new CompactRange(undefined, hash);
    assert.equal(toHex(tree.root()), roots[0]);
    for (const [i, input] of inputs.entries()) {
      tree.append(leafHash(fromHex(input), hash));
      assert.equal(toHex(tree.root()), roots[i + 1]);
    }
  }
});

test('each root equals the definition, and each whole node is seen once', () => {
  const tree = new CompactRange();
  const seen = new Map<string, Uint8Array>();
  for (let size = 1; size <= LEAVES.length; size += 1) {
    tree.append(LEAVES[size - 1]!, (level, index, hash) => {
      assert.ok(!seen.has(`${level}/${index}`));
      seen.set(`${level}/${index}`, hash);
    });
    assert.deepEqual(tree.root(), naiveRoot(LEAVES.slice(0, size)));
  }
  let nodes = 0;
  for (let level = 0; 2 ** level <= LEAVES.length; level += 1) {
    for (let index = 0; (index + 1) * 2 ** level <= LEAVES.length; index += 1, nodes += 1) {
      const leaves = LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level);
      assert.deepEqual(seen.get(`${level}/${index}`), naiveRoot(leaves));
    }
  }
  assert.equal(seen.size, nodes);
});

test('a range goes on from its kept state, and its copy goes its own way', () => {
  fc.assert(
    fc.property(fc.nat({ max: 299 }), (size) => {
      const tree = rangeOf(0, size);
      const copy = tree.clone();
      const kept = new CompactRange(tree.state());
      tree.append(LEAVES[size]!);
      kept.append(LEAVES[size]!);
      assert.deepEqual(kept.root(), tree.root());
      assert.deepEqual(tree.state(), rangeOf(0, size + 1).state());
      assert.equal(copy.end, size);
      assert.deepEqual(copy.root(), naiveRoot(LEAVES.slice(0, size)));
    }),
  );
});

test('neighbours joined, or grown leaf by leaf, are the range of both', () => {
  const cuts = fc
    .tuple(fc.nat(300), fc.nat(300), fc.nat(300))
    .map((cut) => cut.sort((a, b) => a - b));
  fc.assert(
    fc.property(cuts, ([begin, middle, end]) => {
      const expected = rangeOf(begin!, end!).state();
      const joined = rangeOf(begin!, middle!);
      joined.merge(rangeOf(middle!, end!));
      assert.deepEqual(joined.state(), expected);
      const grown = rangeOf(begin!, middle!);
      for (let i = middle!; i < end!; i += 1) grown.append(LEAVES[i]!);
      assert.deepEqual(grown.state(), expected);
    }),
  );
});

test('joining shows only the nodes that it makes', () => {
  const tree = rangeOf(0, 3);
  const seen: string[] = [];
  tree.merge(rangeOf(3, 6), (level, index) => seen.push(`${level}/${index}`));
  assert.deepEqual(seen, ['1/1', '2/0']);
});

test('large ranges are exact, though beyond 32 bits', () => {
  const begin = 2 ** 40 + 3;
  const nodes = rangeNodes(begin, begin + 10);
  assert.deepEqual(nodes, [
    { level: 0, index: begin },
    { level: 2, index: (begin + 1) / 4 },
    { level: 2, index: (begin + 5) / 4 },
    { level: 0, index: begin + 9 },
  ]);
  assert.equal(rangeNodes(0, Number.MAX_SAFE_INTEGER).length, 53);
});

test('what cannot be is refused', () => {
  assert.throws(() => new CompactRange({ begin: 0, end: 3, hashes: [] }), { code: 'malformed' });
  assert.throws(() => new CompactRange({ begin: 0, end: 1, hashes: [new Uint8Array(31)] }), {
    code: 'malformed',
  });
  assert.throws(() => new CompactRange().append(new Uint8Array(33)), { code: 'malformed' });
  assert.throws(() => rangeNodes(2, 1), { code: 'invalid_argument' });
  assert.throws(() => rangeNodes(0, 1.5), { code: 'invalid_argument' });
  assert.throws(() => rangeOf(1, 3).root(), { code: 'invalid_argument' });
  assert.throws(() => rangeOf(0, 2).merge(rangeOf(3, 4)), { code: 'invalid_argument' });
});
