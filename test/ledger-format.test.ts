import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';

import {
  canonicalize,
  commitPart,
  CompactRange,
  consistencyProof,
  cosign,
  encodeEntryBundle,
  formatCheckpoint,
  formatManifest,
  formatTlogProof,
  formatVerifierKey,
  inclusionProof,
  keyId,
  leafHash,
  nextPath,
  parseManifest,
  parseNote,
  rangeNodes,
  readRange,
  signKeyChange,
  signNote,
  tarHeader,
  toBase64,
  toHex,
  utf8,
  verifyBundle,
  verifyEvidence,
  verifyRange,
  verifyRangeLines,
  verifyReceipt,
  type NodeReader,
  type Receipt,
} from '@affidavit/ledger';

import {
  example,
  exampleBundle,
  exampleNames,
  HEADERS,
  ORIGIN,
  PARTS,
  SIGNER,
  signerOf,
  table,
  VKEY,
} from './support/format-document.ts';

/** docs/ledger-format.md is true: each of its examples is recomputed from the inputs it gives. */

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const nodes = new Map<string, Uint8Array>();
const tree = new CompactRange();
const leaves = HEADERS.map((header) => leafHash(header));
for (const leaf of leaves) {
  tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
}
const read: NodeReader = (level, index) => nodes.get(`${level}/${index}`) as Uint8Array;
const checkpoint = signNote(formatCheckpoint({ origin: ORIGIN, size: 5, root: tree.root() }), [
  SIGNER,
]);
const TRUST = { verifiers: [VKEY] };

async function inclusion(index: number): Promise<string> {
  return formatTlogProof({ index, hashes: await inclusionProof(index, 5, read), checkpoint });
}

/** What each example must be. */
const examples: Readonly<Record<string, () => Promise<void> | void>> = {
  'jcs-value': () => assert.ok(JSON.parse(example('jcs-value'))),
  'jcs-text': () =>
    assert.equal(example('jcs-text'), canonicalize(JSON.parse(example('jcs-value')))),
  'jcs-hex': () =>
    assert.equal(example('jcs-hex').replaceAll('\n', ''), toHex(utf8(example('jcs-text')))),
  log: () => assert.equal(HEADERS.length, 5),
  commitment: () => {
    const said = table('commitment');
    const part = PARTS[1]?.find(({ name }) => name === said['part']);
    assert.ok(part);
    assert.equal(said['salt'], toHex(part.salt));
    assert.equal(said['text'], part.text);
    assert.equal(said['message'], toHex(utf8(`${part.name}\0${part.text}`)));
    assert.equal(said['commitment'], toHex(commitPart(part.name, part.salt, utf8(part.text))));
  },
  'header-0': () => assert.equal(example('header-0'), HEADERS[0]),
  'header-1': () => assert.equal(example('header-1'), HEADERS[1]),
  leaves: () =>
    assert.equal(example('leaves'), leaves.map((leaf, i) => `${i} ${toHex(leaf)}`).join('\n')),
  root: () => assert.equal(example('root'), toHex(tree.root())),
  'compact-ranges': () => {
    const ranges = JSON.parse(example('compact-ranges')) as Record<string, [number, number][]>;
    for (const [range, said] of Object.entries(ranges)) {
      const [begin, end] = (range.match(/\d+/g) ?? []).map(Number) as [number, number];
      const found = rangeNodes(begin, end).map(({ level, index }) => [
        index * 2 ** level,
        2 ** level,
      ]);
      assert.deepEqual(said, found, range);
    }
  },
  key: () => {
    assert.deepEqual(
      [...example('key').matchAll(/(\S+)$/gm)].map(([, value]) => value),
      [toHex(SIGNER.publicKey), toHex(keyId(ORIGIN, 1, SIGNER.publicKey)), VKEY],
    );
  },
  checkpoint: () => assert.equal(`${example('checkpoint')}\n`, checkpoint),
  cosignature: () => {
    const witness = signerOf('witness.example/w1', 5);
    const said = table('cosignature');
    assert.equal(said['vkey'], formatVerifierKey(witness.name, witness.publicKey, 0x04));
    const line = cosign(parseNote(checkpoint).text, witness, 1_795_249_800);
    assert.equal(`${said['line']}\n`, line);
  },
  'entry-bundle': () => {
    const bundle = encodeEntryBundle(HEADERS);
    const begins = toHex(bundle.slice(0, 24));
    assert.deepEqual(table('entry-bundle'), {
      begins,
      length: String(bundle.length),
      sha256: sha256(bundle),
    });
  },
  inclusion: async () => assert.equal(`${example('inclusion')}\n`, await inclusion(1)),
  consistency: async () => {
    const proofs = JSON.parse(example('consistency')) as Record<string, string[]>;
    assert.equal(Object.keys(proofs).length, 5);
    for (const [query, said] of Object.entries(proofs)) {
      const older = Number(new URLSearchParams(query).get('old'));
      assert.deepEqual(said, (await consistencyProof(older, 5, read)).map(toBase64));
    }
  },
  range: async () => {
    const proof = JSON.parse(example('range')) as object;
    const [left, right] = await Promise.all([readRange(0, 1, read), readRange(5, 5, read)]);
    assert.deepEqual(proof, {
      origin: ORIGIN,
      first_seq: 1,
      last_seq: 4,
      headers: HEADERS.slice(1),
      left: left.map(toBase64),
      right: right.map(toBase64),
      checkpoint,
    });
    const range = { from: '2026-11-21T09:00:00.000Z', to: '2026-11-21T10:00:00.000Z' };
    const verdict = await verifyRange(proof, { ...TRUST, ...range });
    assert.deepEqual([verdict.ok, verdict.within], [true, 2]);
  },
  'range-lines': async () => {
    const { headers, ...frame } = JSON.parse(example('range')) as { headers: string[] };
    const end = { complete: true, headers: headers.length };
    const lines = [JSON.stringify(frame), ...headers, JSON.stringify(end)];
    assert.equal(example('range-lines'), lines.join('\n'));
    const bytes = utf8(`${example('range-lines')}\n`);
    assert.ok((await verifyRangeLines([bytes], { ...TRUST, shown: true })).ok);
  },
  evidence: async () => {
    const evidence = JSON.parse(example('evidence')) as object;
    const parts = PARTS[1]?.map(({ name, salt, text: canonical }) => {
      return { name, salt: toBase64(salt), canonical };
    });
    const proof = await inclusion(1);
    assert.deepEqual(evidence, { header: HEADERS[1], parts, proof, checkpoint });
    assert.deepEqual((await verifyEvidence(evidence, TRUST)).missing, []);
  },
  receipt: async () => {
    const { events } = JSON.parse(example('receipt')) as { events: Receipt[] };
    assert.equal(events[0]?.leaf_hash, toHex(leaves[1] as Uint8Array));
    assert.equal((await verifyReceipt(events[0], TRUST)).size, 5);
  },
  'key-change': () =>
    assert.equal(`${example('key-change')}\n`, signKeyChange(SIGNER, signerOf(ORIGIN, 2))),
  'tar-header': () => assert.equal(example('tar-header'), sha256(tarHeader('keys.json', 1000))),
  'bundle-entries': async () => {
    let previous: number | null = null;
    for (const [seq, line] of example('bundle-entries').split('\n').entries()) {
      const { path } = JSON.parse(line) as { path: string[] };
      assert.deepEqual(path, (await nextPath(previous, seq, 5, read)).map(toBase64));
      previous = seq;
    }
    assert.ok(Buffer.from(exampleBundle()).includes(`${example('bundle-entries')}\n`));
  },
  'bundle-sums': () =>
    assert.ok(Buffer.from(exampleBundle()).includes(`${example('bundle-sums')}\n`)),
  'bundle-manifest': () => {
    const { text } = parseNote(`${example('bundle-manifest')}\n`);
    const signed = signNote(formatManifest(parseManifest(text)), SIGNER);
    assert.equal(`${example('bundle-manifest')}\n`, signed);
  },
  'bundle-file': async () => {
    const bundle = exampleBundle();
    assert.deepEqual(table('bundle-file'), {
      length: String(bundle.length),
      sha256: sha256(bundle),
    });
    const verdict = await verifyBundle([bundle], TRUST);
    assert.deepEqual([verdict.broken, verdict.complete, verdict.checked], [[], true, 3]);
  },
};

suite('docs/ledger-format.md', () => {
  test('has no example that is not recomputed here', () => {
    assert.deepEqual(exampleNames().sort(), Object.keys(examples).sort());
  });
  for (const [name, check] of Object.entries(examples)) test(`example ${name}`, check);
});
