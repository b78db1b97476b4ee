import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concat, utf8 } from './bytes.ts';
import { logOf, makeHeaders, platformSha256, timeOf, VERIFIER } from './log.fixture.ts';
import type { TestLog } from './log.fixture.ts';
import { encodeEntryBundle, parseTilePath, tilesForSize, tilePath } from './tiles.ts';
import type { TileId } from './tiles.ts';
import { verifyLog } from './whole-log.ts';
import type { ResourceReader } from './whole-log.ts';

const HEADERS = makeHeaders(600);

/** Serves a log from memory, with changes; remembers what was asked for. */
function serve(log: TestLog, changes: Readonly<Record<string, Uint8Array>> = {}) {
  const asked: string[] = [];
  const read: ResourceReader = async (path) => {
    asked.push(path);
    return changes[path] ?? resource(log, path);
  };
  return { asked, read };
}

async function resource(log: TestLog, path: string): Promise<Uint8Array> {
  if (path === 'checkpoint') return utf8(log.checkpoint);
  const { level, index, width } = parseTilePath(path);
  const first = index * 256;
  if (level === 'entries') return encodeEntryBundle(log.headers.slice(first, first + width));
  const nodes = Array.from({ length: width }, (_, i) => log.read(level * 8, first + i));
  return concat(...(await Promise.all(nodes)));
}

const check = (read: ResourceReader) =>
  verifyLog(read, { verifiers: [VERIFIER], hash: platformSha256 });

const logOfSize = (size: number): TestLog => logOf(HEADERS.slice(0, size));

test('a log of any size is sound, and each of its tiles was looked at', async () => {
  for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 600]) {
    const { asked, read } = serve(logOfSize(size));
    const told: number[] = [];
    const onProgress = (checked: number) => void told.push(checked);
    const verdict = await verifyLog(read, { verifiers: [VERIFIER], onProgress });
    assert.deepEqual([verdict.ok, verdict.checked, verdict.size], [true, size, size]);
    const tiles = [...tilesForSize(size)];
    const bundles: TileId[] = tiles
      .filter(({ level }) => level === 0)
      .map((tile) => ({ ...tile, level: 'entries' }));
    const expected = ['checkpoint', ...[...tiles, ...bundles].map((tile) => tilePath(tile))];
    assert.deepEqual(asked.sort(), expected.sort());
    assert.equal(told.at(-1) ?? 0, size);
  }
});

test('tiles of the second level are looked at when they are full', async () => {
  const log = logOf(makeHeaders(256 * 256 + 3));
  const tile = (await resource(log, 'tile/1/000')).slice();
  tile[255 * 32 + 7]! ^= 1;
  const { asked, read } = serve(log, { 'tile/1/000': tile });
  assert.deepEqual((await check(read)).broken, [{ seq: 255 * 256, reason: 'tile' }]);
  assert.ok(asked.includes('tile/2/000.p/1'));
});

test('a flipped bit in any resource is found', async () => {
  const log = logOfSize(300);
  const paths = ['tile/entries/000', 'tile/entries/001.p/44', 'tile/0/000', 'tile/0/001.p/44'];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths, 'tile/1/000.p/1'), fc.nat(), async (path, bit) => {
      const bytes = (await resource(log, path)).slice();
      const at = bit % (bytes.length * 8);
      bytes[at >> 3]! ^= 1 << (at & 7);
      const { read } = serve(log, { [path]: bytes });
      const { ok, broken } = await check(read);
      assert.equal(ok, false);
      if (path.startsWith('tile/0/')) {
        const seq = (path.includes('001') ? 256 : 0) + Math.floor((at >> 3) / 32);
        assert.deepEqual(broken, [{ seq, reason: 'tile' }]);
      }
    }),
    { numRuns: 60 },
  );
});

test('bundles with an entry too few or too many, and other logs, are found', async () => {
  const log = logOfSize(300);
  const bundle = (first: number, end: number) => encodeEntryBundle(log.headers.slice(first, end));
  const cases: [string, Uint8Array, number | null, string][] = [
    ['tile/entries/000', bundle(0, 255), 255, 'seq'],
    ['tile/entries/000', bundle(1, 257), 0, 'seq'],
    ['tile/entries/001.p/44', bundle(256, 299), 299, 'seq'],
    ['tile/entries/001.p/44', new Uint8Array(0), 256, 'seq'],
    ['tile/entries/001.p/44', new Uint8Array([0]), 256, 'malformed'],
    ['tile/0/000', new Uint8Array(0), 0, 'tile'],
  ];
  for (const [path, bytes, seq, reason] of cases) {
    const { read } = serve(log, { [path]: bytes });
    assert.deepEqual((await check(read)).broken, [{ seq, reason }], path);
  }
  const longer = concat(bundle(256, 300), encodeEntryBundle([log.headers[0]!]));
  const { read } = serve(log, { 'tile/entries/001.p/44': longer });
  assert.deepEqual((await check(read)).broken, [{ seq: 300, reason: 'seq' }]);
  const other = logOf(log.headers.with(299, log.headers[298]!.replace(timeOf(298), timeOf(299))));
  const { read: forged } = serve(other, { checkpoint: utf8(log.checkpoint) });
  assert.equal((await check(forged)).ok, false);
});

test('what the reader throws is thrown', async () => {
  const log = logOfSize(300);
  const read: ResourceReader = (path) =>
    path.startsWith('tile/0') ? Promise.reject(new Error('gone')) : resource(log, path);
  await assert.rejects(check(read), /gone/);
});
