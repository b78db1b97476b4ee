import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sha256 } from '@affidavit/ledger';
import * as fc from 'fast-check';

import { nativeSha256 } from './hash.ts';

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
