import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commitPart, leafHash, PART_NAMES, sha256, toHex, utf8 } from '@affidavit/ledger';
import * as fc from 'fast-check';

import { commitText, hashLeaf, nativeSha256 } from './hash.ts';

/** Of any length up to several times the space that is kept for joining, and any character. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .tuple(fc.constantFrom('x', 'é', '漢', '🦀'), fc.integer({ min: 20_000, max: 70_000 }))
    .map(([unit, count]) => unit.repeat(count)),
);

const bytes = fc.uint8Array({ maxLength: 200 });

test('the platform gives the digests of the ledger, each in an array of its own', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 4 }), (chunks) => {
      const digest = nativeSha256(...chunks);
      assert.deepEqual(digest, sha256(...chunks));
      assert.equal(digest.buffer.byteLength, 32);
    }),
  );
  const long = new Uint8Array(70_000).fill(7);
  assert.deepEqual(nativeSha256(long, long), sha256(long, long));
});

test('leaf hashes are those of the ledger', () => {
  fc.assert(
    fc.property(text, (header) => assert.equal(toHex(hashLeaf(header)), toHex(leafHash(header)))),
    { numRuns: 60 },
  );
});

test('commitments are those of the ledger', () => {
  const salt = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.constantFrom(...PART_NAMES), salt, text, (part, key, body) => {
      assert.equal(commitText(part, key, body), toHex(commitPart(part, key, utf8(body))));
    }),
    { numRuns: 60 },
  );
});
