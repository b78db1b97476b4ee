import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toHex, utf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import { encodeHeader, leafHash, parseHeader, ZERO_HASH } from './header.ts';
import type { EntryHeader } from './header.ts';
import { platformSha256 } from './log.fixture.ts';
import { PART_NAMES } from './parts.ts';

const hashText = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const anyHeader: fc.Arbitrary<EntryHeader> = fc.record(
  {
    created_at: fc
      .integer({ min: 0, max: 4e12 })
      .map((milliseconds) => new Date(milliseconds).toISOString()),
    event_id: fc.string({ unit: 'binary', minLength: 1 }),
    parts: fc.dictionary(fc.constantFrom(...PART_NAMES), hashText, { noNullPrototype: true }),
    prev: hashText,
    seq: fc.maxSafeNat(),
    v: fc.constant(1 as const),
  },
  { noNullPrototype: true },
);

const HEADER: EntryHeader = {
  v: 1,
  seq: 7,
  prev: ZERO_HASH,
  parts: { result: 'b'.repeat(64), args: 'a'.repeat(64) },
  event_id: 'evt_1',
  created_at: '2026-11-21T08:30:00.000Z',
};

test('encodes to canonical JSON, and comes back', () => {
  fc.assert(
    fc.property(anyHeader, (header) => {
      const text = encodeHeader(header);
      assert.equal(text, canonicalize(header));
      assert.deepEqual(parseHeader(text), header);
    }),
  );
});

test('the text of a header', () => {
  assert.equal(
    encodeHeader(HEADER),
    `{"created_at":"2026-11-21T08:30:00.000Z","event_id":"evt_1","parts":{"args":"${'a'.repeat(64)}","result":"${'b'.repeat(64)}"},"prev":"${ZERO_HASH}","seq":7,"v":1}`,
  );
});

test('a header that cannot be is not written', () => {
  const changes: Record<string, unknown>[] = [
    { created_at: '2026-11-21T08:30:00Z' },
    { created_at: 5 },
    { event_id: '' },
    { event_id: 5 },
    { prev: 'A'.repeat(64) },
    { prev: '0' },
    { seq: -1 },
    { seq: 1.5 },
    { seq: '7' },
    { v: 2 },
    { parts: { Envelope: 'a'.repeat(64) } },
    { parts: { envelope: 'a' } },
    { parts: { envelope: 5 } },
  ];
  for (const change of changes) {
    assert.throws(() => encodeHeader({ ...HEADER, ...change }), { code: 'malformed' });
  }
});

test('one header has one text', () => {
  const text = encodeHeader(HEADER);
  const others = [
    text.replace('{', '{ '),
    `${text}\n`,
    text.replace('"seq":7', '"seq":7.0'),
    text.replace('"seq":7', '"seq":7,"seq":7'),
    text.replace('"v":1', '"v":1,"w":1'),
    text.replace('evt_1', String.raw`evt_\u0031`),
    text.replace('"seq":7,"v":1', '"v":1,"seq":7'),
    text.slice(0, -1),
    'null',
    '[]',
    '{}',
    '{"parts":null}',
    '"',
    `"${'a'.repeat(70_000)}"`,
  ];
  for (const other of others) {
    assert.throws(() => parseHeader(other), { name: 'LedgerError', code: 'malformed' }, other);
  }
});

test('a leaf hash is SHA-256(0x00, header)', () => {
  const text = encodeHeader(HEADER);
  const expected = platformSha256(Uint8Array.of(0), utf8(text));
  assert.equal(toHex(leafHash(text)), toHex(expected));
  assert.equal(toHex(leafHash(utf8(text), platformSha256)), toHex(expected));
});
