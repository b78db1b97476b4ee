import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromHex, toHex, utf8 } from './bytes.ts';
import { LedgerError } from './error.ts';
import { leafHash } from './header.ts';
import { logOf, makeLog, platformSha256 } from './log.fixture.ts';
import {
  checkConsistency,
  checkInclusion,
  consistencyProof,
  formatTlogProof,
  inclusionProof,
  inclusionProofs,
  parseTlogProof,
  readRange,
} from './proof.ts';
import { CompactRange, nodeHash } from './tree.ts';

const SIZE = 300;
const LOG = makeLog(SIZE);

/** PATH of RFC 6962 section 2.1.1, word for word. */
function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return index < k
    ? [...naivePath(index, left), rootOf(right)]
    : [...naivePath(index - k, right), rootOf(left)];
}

/** SUBPROOF of RFC 6962 section 2.1.2, word for word. */
function naiveSubproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [rootOf(leaves)];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k
    ? [...naiveSubproof(m, left, whole), rootOf(right)]
    : [...naiveSubproof(m - k, right, false), rootOf(left)];
}

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

test('the proofs of the Certificate Transparency test vectors', async () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'];
  inputs.push('606162636465666768696a6b6c6d6e6f');
  const tree = new CompactRange();
  const nodes = new Map<string, Uint8Array>();
  for (const input of inputs) {
    tree.append(leafHash(fromHex(input)), (level, index, hash) =>
      nodes.set(`${level}/${index}`, hash),
    );
  }
  const read = (level: number, index: number): Uint8Array => nodes.get(`${level}/${index}`)!;
  assert.deepEqual((await inclusionProof(0, 8, read)).map(toHex), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  assert.deepEqual((await consistencyProof(6, 8, read)).map(toHex), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  assert.deepEqual((await consistencyProof(2, 5, read)).map(toHex), [
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]);
});

test('paths of many leaves are those of each, whatever they have in common', async () => {
  const places = fc.array(fc.nat(SIZE - 1), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(places, fc.integer({ min: 1, max: SIZE }), async (all, size) => {
      const indexes = all.filter((index) => index < size);
      const paths = await inclusionProofs(indexes, size, LOG.read);
      const leaves = LOG.leaves.slice(0, size);
      const expected = indexes.map((index) => naivePath(index, leaves));
      assert.deepEqual(paths.map(hexes), expected.map(hexes));
    }),
  );
  await assert.rejects(inclusionProofs([0, SIZE], SIZE, LOG.read), { code: 'invalid_argument' });
});

const hexes = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);

test('each leaf of each tree is proved, by the path that the definition gives', async () => {
  for (let size = 1; size <= SIZE; size += 1) {
    const root = LOG.rootAt(size);
    for (let index = size % 13; index < size; index += 13) {
      const hashes = await inclusionProof(index, size, LOG.read);
      assert.deepEqual(hashes, naivePath(index, LOG.leaves.slice(0, size)));
      checkInclusion({ index, size, leaf: LOG.leaves[index]!, hashes, root });
    }
  }
});

test('each tree is consistent with each older one, by the path of the definition', async () => {
  for (let size = 0; size <= SIZE; size += 1) {
    for (let older = size % 13; older <= size; older += 13) {
      const hashes = await consistencyProof(older, size, LOG.read);
      const leaves = LOG.leaves.slice(0, size);
      assert.deepEqual(hashes, older === 0 ? [] : naiveSubproof(older, leaves, true));
      checkConsistency({
        older: { size: older, root: LOG.rootAt(older) },
        newer: { size, root: LOG.rootAt(size) },
        hashes,
      });
    }
  }
});

const failure = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof LedgerError);
    return error.code;
  }
  return 'none';
};

/** A list of hashes with one change: a bit, a hash too many, a hash too few, two swapped. */
const spoil = (hashes: readonly Uint8Array[], kind: number, at: number): Uint8Array[] => {
  const copy = hashes.map((hash) => hash.slice());
  const i = copy.length === 0 ? 0 : at % copy.length;
  if (kind === 0 || copy.length === 0) return [...copy, new Uint8Array(32)];
  if (kind === 1) copy[i]![at % 32]! ^= 1;
  if (kind === 2) copy.splice(i, 1);
  if (kind === 3) copy.splice(i, 0, copy[i]!);
  return copy;
};

test('no changed proof holds', async () => {
  const positions = fc.tuple(
    fc.integer({ min: 1, max: SIZE }),
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.nat(),
  );
  await fc.assert(
    fc.asyncProperty(positions, async ([size, pick, kind, at]) => {
      const index = pick % size;
      const leaf = LOG.leaves[index]!;
      const root = LOG.rootAt(size);
      const claim = {
        index,
        size,
        leaf,
        hashes: await inclusionProof(index, size, LOG.read),
        root,
      };
      checkInclusion(claim, platformSha256);
      const fails = (change: Partial<typeof claim>): void =>
        assert.equal(
          failure(() => checkInclusion({ ...claim, ...change })),
          'proof_failed',
        );
      fails({ hashes: spoil(claim.hashes, kind, at) });
      fails({ root: new Uint8Array(32) });
      fails({ leaf: new Uint8Array(32) });
      fails({ index: size });
      if (size > 1) fails({ index: (index + 1) % size });

      const [older, newer] = [
        { size: index + 1, root: LOG.rootAt(index + 1) },
        { size, root },
      ];
      const hashes = await consistencyProof(older.size, size, LOG.read);
      const growth = { older, newer, hashes };
      const failsToGrow = (change: Partial<typeof growth>): void =>
        assert.equal(
          failure(() => checkConsistency({ ...growth, ...change })),
          'proof_failed',
        );
      checkConsistency(growth, platformSha256);
      failsToGrow({ hashes: spoil(hashes, kind, at) });
      failsToGrow({ older: { ...older, root: new Uint8Array(32) } });
      failsToGrow({ newer: { ...newer, root: new Uint8Array(32) } });
      if (older.size < size) failsToGrow({ older: newer, newer: older });
    }),
  );
});

test('a proof fits one size only, even where the hashes would', async () => {
  const [leaf, next] = [LOG.leaves[0]!, LOG.leaves[1]!];
  const pair = nodeHash(leaf, next);
  const claims: [number, Uint8Array[], Uint8Array][] = [
    [2, [], leaf],
    [1, [next], nodeHash(next, leaf)],
    [4, [next], pair],
  ];
  for (const [size, hashes, root] of claims) {
    const claim = { index: 0, size, leaf, hashes, root };
    assert.equal(
      failure(() => checkInclusion(claim)),
      'proof_failed',
    );
  }
  const older = { size: 1, root: leaf };
  for (const [size, hashes, root] of [
    [4, [next], pair],
    [2, [next, next], nodeHash(pair, next)],
  ] as const) {
    const growth = { older, newer: { size, root }, hashes };
    assert.equal(
      failure(() => checkConsistency(growth)),
      'proof_failed',
    );
  }
});

test('what cannot be proved is refused', async () => {
  await assert.rejects(inclusionProof(5, 5, LOG.read), { code: 'invalid_argument' });
  await assert.rejects(inclusionProof(-1, 5, LOG.read), { code: 'invalid_argument' });
  await assert.rejects(consistencyProof(6, 5, LOG.read), { code: 'invalid_argument' });
  const empty = { size: 0, root: logOf([]).rootAt(0) };
  const wrong = { size: 0, root: new Uint8Array(32) };
  checkConsistency({ older: empty, newer: empty, hashes: [] });
  for (const [older, newer] of [
    [wrong, empty],
    [empty, wrong],
    [wrong, wrong],
  ] as const) {
    assert.throws(() => checkConsistency({ older, newer, hashes: [] }), { code: 'proof_failed' });
  }
});

test('compact ranges are read out of nodes', async () => {
  const range = new CompactRange();
  for (const leaf of LOG.leaves.slice(0, 77)) range.append(leaf);
  assert.deepEqual(await readRange(0, 77, LOG.read), range.state().hashes);
});

test('the text of a proof (C2SP tlog-proof)', () => {
  const hash = new Uint8Array(32).fill(1);
  const proof = { index: 3, hashes: [hash], checkpoint: 'a\n1\nb\n\nsignature\n' };
  const text =
    'c2sp.org/tlog-proof@v1\nindex 3\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n' +
    'a\n1\nb\n\nsignature\n';
  assert.equal(formatTlogProof(proof), text);
  assert.deepEqual(parseTlogProof(text), proof);
  const withExtra = { ...proof, hashes: [], extra: utf8('more') };
  const extraText = 'c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 3\n\na\n1\nb\n\nsignature\n';
  assert.equal(formatTlogProof(withExtra), extraText);
  assert.deepEqual(parseTlogProof(extraText), withExtra);
});

test('other texts are not proofs', () => {
  const hash = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=';
  const text = `c2sp.org/tlog-proof@v1\nindex 3\n${hash}\n\ncheckpoint\n`;
  const others = [
    '',
    text.replace('\n\n', '\n'),
    text.replace('v1', 'v2'),
    text.replace('index 3\n', ''),
    text.replace('index 3', 'index 03'),
    text.replace('index 3', 'index  3'),
    text.replace('index 3', 'index 3\nindex 3'),
    text.replace(hash, hash.slice(1)),
    text.replace(hash, 'AQEB'),
    text.replace(hash, Array.from({ length: 65 }, () => hash).join('\n')),
    text.replace('index 3', 'index 3\nextra bW9yZQ=='),
  ];
  for (const other of others) {
    assert.throws(() => parseTlogProof(other), { name: 'LedgerError', code: 'malformed' }, other);
  }
});
