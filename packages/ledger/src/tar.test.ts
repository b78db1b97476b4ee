import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concat, toHex, utf8 } from './bytes.ts';
import { pieces } from './bundle.fixture.ts';
import { sha256 } from './sha256.ts';
import { readTar, TAR_END, tarHeader, tarMember } from './tar.ts';
import type { TarMember } from './tar.ts';

async function read(bytes: Uint8Array, size = 777): Promise<TarMember[]> {
  const members: TarMember[] = [];
  for await (const member of readTar(pieces(bytes, size))) members.push(member);
  return members;
}

const MEMBERS: readonly TarMember[] = [
  { name: 'keys.json', bytes: utf8('[]\n') },
  { name: 'entries/000000.ndjson', bytes: utf8('x'.repeat(512)) },
  { name: 'empty', bytes: new Uint8Array(0) },
];
const ARCHIVE = concat(...MEMBERS.map(tarMember), TAR_END);

test('what is written is read, however it is cut', async () => {
  const names = fc.stringMatching(/^[a-zA-Z0-9_./-]{1,100}$/);
  const bytes = fc.uint8Array({ maxLength: 1500 });
  const member = fc.record({ name: names, bytes }, { noNullPrototype: true });
  const cut = fc.integer({ min: 1, max: 3000 });
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 5 }), cut, async (members, size) => {
      assert.deepEqual(await read(concat(...members.map(tarMember), TAR_END), size), members);
    }),
  );
});

// The digest of what Python's tarfile writes for this name, size, time and mode.
test('a header has one form', () => {
  assert.equal(
    toHex(sha256(tarHeader('entries/000000.ndjson', 1234))),
    'd0ebba2d0da6988607252a50ce8f86d5ebeff9e308268d6d2c045f8c46455b2c',
  );
});

test('each flipped bit outside of the contents is refused', async () => {
  const contents = new Set<number>();
  for (let i = 0; i < 3; i += 1) contents.add(512 + i);
  for (let i = 0; i < 512; i += 1) contents.add(1536 + i);
  for (let at = 0; at < ARCHIVE.length; at += 1) {
    if (contents.has(at)) continue;
    const damaged = ARCHIVE.slice();
    damaged[at]! ^= 1 << (at % 8);
    await assert.rejects(read(damaged), { name: 'LedgerError', code: 'malformed' }, `byte ${at}`);
  }
});

test('an archive that is cut off, or goes on, is refused', async () => {
  for (const end of [0, 100, 512, 515, 1024, ARCHIVE.length - 512, ARCHIVE.length - 1]) {
    await assert.rejects(read(ARCHIVE.subarray(0, end)), { code: 'malformed' }, `${end}`);
  }
  await assert.rejects(read(concat(ARCHIVE, new Uint8Array(1))), { code: 'malformed' });
});

test('what tar has beyond plain files is refused, and so is a member without end', async () => {
  for (const type of ['1', '2', '5', 'x', 'g', 'L']) {
    const archive = ARCHIVE.slice();
    archive[156] = type.charCodeAt(0);
    await assert.rejects(read(archive), { code: 'malformed' });
  }
  const large = concat(tarHeader('large', 8 ** 11 - 1), new Uint8Array(512));
  await assert.rejects(read(large), { code: 'malformed' });
  assert.throws(() => tarHeader('n'.repeat(101), 1), { code: 'invalid_argument' });
  assert.throws(() => tarHeader('', 1), { code: 'invalid_argument' });
  assert.throws(() => tarHeader('n', 8 ** 11), { code: 'invalid_argument' });
});
