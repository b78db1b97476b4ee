import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concat, fromHex, toHex, utf8 } from './bytes.ts';
import { platformSha256 } from './log.fixture.ts';
import { commitPart, PART_NAMES } from './parts.ts';
import { hmacSha256, sha256 } from './sha256.ts';

test('the vectors of NIST', () => {
  const vectors: [string, string][] = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ];
  for (const [text, expected] of vectors) assert.equal(toHex(sha256(utf8(text))), expected);
});

test('equals the platform at each length around the block borders, however it is cut', () => {
  const all = Uint8Array.from({ length: 260 }, (_, i) => (i * 7) % 256);
  for (let length = 0; length <= 260; length += 1) {
    const input = all.subarray(0, length);
    assert.deepEqual(sha256(input), new Uint8Array(platformSha256(input)));
  }
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 6 }), (chunks) => {
      assert.deepEqual(sha256(...chunks), new Uint8Array(platformSha256(concat(...chunks))));
    }),
  );
});

test('HMAC equals the platform, also with keys longer than a block', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), fc.uint8Array(), (key, message) => {
      const expected = createHmac('sha256', key).update(message).digest('hex');
      assert.equal(toHex(hmacSha256(key, message)), expected);
      assert.equal(toHex(hmacSha256(key, [message], platformSha256)), expected);
    }),
  );
});

test('a commitment is HMAC(salt, name, 0x00, bytes)', () => {
  const salt = new Uint8Array(32).fill(7);
  for (const name of PART_NAMES) {
    const expected = createHmac('sha256', salt).update(`${name}\0{"a":1}`).digest('hex');
    assert.equal(toHex(commitPart(name, salt, utf8('{"a":1}'))), expected);
    assert.equal(toHex(commitPart(name, salt, utf8('{"a":1}'), platformSha256)), expected);
  }
  const wrongName = 'other' as (typeof PART_NAMES)[0];
  assert.throws(() => commitPart(wrongName, salt, utf8('1')), { code: 'invalid_argument' });
  assert.throws(() => commitPart('args', fromHex('00'), utf8('1')), { code: 'invalid_argument' });
});
