import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import * as bytes from './bytes.ts';

const anyBytes = fc.uint8Array({ maxLength: 100 });

test('hex and base64 agree with the platform and come back', () => {
  fc.assert(
    fc.property(anyBytes, (value) => {
      const buffer = Buffer.from(value);
      assert.equal(bytes.toHex(value), buffer.toString('hex'));
      assert.equal(bytes.toBase64(value), buffer.toString('base64'));
      assert.deepEqual(bytes.fromHex(bytes.toHex(value)), value);
      assert.deepEqual(bytes.fromBase64(bytes.toBase64(value)), value);
    }),
  );
});

test('each value has one base64 text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.constantFrom('', '=', '=='), (text, padding) => {
      let value: Uint8Array;
      try {
        value = bytes.fromBase64(text + padding);
      } catch {
        return;
      }
      assert.equal(bytes.toBase64(value), text + padding);
    }),
  );
});

test('other spellings are refused', () => {
  for (const text of ['a', 'AB', 'zz', 'a\u0430', '0x', ' 00']) {
    assert.throws(() => bytes.fromHex(text), { code: 'malformed' }, text);
  }
  for (const text of [
    'YQ',
    'YR==',
    'YWJ=',
    'Y-_=',
    'YQ==\n',
    '=',
    '====',
    'Y===',
    'YQ=A',
    '\u0130AAA',
  ]) {
    assert.throws(() => bytes.fromBase64(text), { code: 'malformed' }, text);
  }
});

test('UTF-8 comes back, and what is not Unicode is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(bytes.fromUtf8(bytes.utf8(text)), text);
    }),
  );
  assert.throws(() => bytes.utf8('\ud800'), { code: 'malformed' });
  assert.throws(() => bytes.fromUtf8(Uint8Array.of(0xff)), { code: 'malformed' });
});

test('integers are big-endian', () => {
  assert.deepEqual(bytes.u16ToBytes(0x0102), Uint8Array.of(1, 2));
  assert.deepEqual(bytes.u64ToBytes(0x0102), Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat({ max: 0xffff }), (large, small) => {
      const both = bytes.concat(bytes.u16ToBytes(small), bytes.u64ToBytes(large));
      assert.equal(bytes.u16FromBytes(both), small);
      assert.equal(bytes.u64FromBytes(both, 2), large);
    }),
  );
  assert.throws(() => bytes.u16ToBytes(0x1_0000), { code: 'invalid_argument' });
  assert.throws(() => bytes.u64ToBytes(-1), { code: 'invalid_argument' });
  assert.throws(() => bytes.u16FromBytes(Uint8Array.of(1)), { code: 'malformed' });
  assert.throws(() => bytes.u64FromBytes(new Uint8Array(8), 1), { code: 'malformed' });
  assert.throws(() => bytes.u64FromBytes(new Uint8Array(8).fill(255)), { code: 'malformed' });
});

test('equalBytes compares all bytes and the length', () => {
  assert.ok(bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  assert.ok(!bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(!bytes.equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)));
});
