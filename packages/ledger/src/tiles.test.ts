import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concat, fromUtf8, u64ToBytes, utf8 } from './bytes.ts';
import { leafHash } from './header.ts';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  nodesFromTiles,
  parseTilePath,
  tilePath,
  tilesForSize,
} from './tiles.ts';
import type { TileId, TileReader } from './tiles.ts';
import { CompactRange } from './tree.ts';

test('the paths of C2SP tlog-tiles', () => {
  const paths: [TileId, string][] = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1234067, width: 112 }, 'tile/0/x001/x234/067.p/112'],
    [{ level: 63, index: 1000, width: 1 }, 'tile/63/x001/000.p/1'],
    [{ level: 'entries', index: 999, width: 255 }, 'tile/entries/999.p/255'],
  ];
  for (const [tile, path] of paths) {
    assert.equal(tilePath(tile), path);
    assert.deepEqual(parseTilePath(path), tile);
  }
});

test('any tile has a path that leads back to it', () => {
  const level = fc.oneof(fc.constant('entries' as const), fc.nat({ max: 63 }));
  const tile = fc
    .tuple(level, fc.maxSafeNat(), fc.integer({ min: 1, max: 256 }))
    .map(([level, index, width]) => ({ level, index, width }));
  fc.assert(fc.property(tile, (id) => assert.deepEqual(parseTilePath(tilePath(id)), id)));
});

test('other paths are refused', () => {
  const paths = [
    '',
    '/tile/0/000',
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/001',
    'tile/0/001/001',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000\n',
    'tile/entry/000',
    'tile/-1/000',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/x000/x000/x000/x000/x000/x000/000',
  ];
  for (const path of paths) assert.throws(() => parseTilePath(path), { code: 'malformed' }, path);
  assert.throws(() => tilePath({ level: 0, index: -1, width: 1 }), { code: 'invalid_argument' });
  assert.throws(() => tilePath({ level: 0, index: 0, width: 0 }), { code: 'invalid_argument' });
});

test('a log of 70,000 has the tiles that the specification lists', () => {
  const tiles = [...tilesForSize(70_000)];
  const full = (level: number): number =>
    tiles.filter((tile) => tile.level === level && tile.width === 256).length;
  assert.deepEqual([full(0), full(1), full(2)], [273, 1, 0]);
  assert.deepEqual(tiles.filter((tile) => tile.width < 256).map(tilePath), [
    'tile/0/273.p/112',
    'tile/1/001.p/17',
    'tile/2/000.p/1',
  ]);
  assert.deepEqual([...tilesForSize(256)].map(tilePath), ['tile/0/000', 'tile/1/000.p/1']);
  assert.deepEqual([...tilesForSize(0)], []);
});

test('the tiles since a size are those that the size did not have', () => {
  const sizes = fc.tuple(fc.nat(140_000), fc.nat(1000));
  fc.assert(
    fc.property(sizes, ([since, growth]) => {
      const size = since + growth;
      const before = new Set([...tilesForSize(since)].map(tilePath));
      const expected = [...tilesForSize(size)].map(tilePath).filter((path) => !before.has(path));
      assert.deepEqual([...tilesForSize(size, since)].map(tilePath), expected);
    }),
    { numRuns: 20 },
  );
});

test('bundles come back', () => {
  const entry = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 256 }), (entries) => {
      const bundle = encodeEntryBundle(entries);
      assert.deepEqual(decodeEntryBundle(bundle).map(fromUtf8), entries);
      assert.deepEqual(encodeEntryBundle(entries.map(utf8)), bundle);
    }),
    { numRuns: 30 },
  );
  assert.deepEqual(encodeEntryBundle(['ab', '']), Uint8Array.of(0, 2, 0x61, 0x62, 0, 0));
});

test('bundles have limits', () => {
  assert.equal(encodeEntryBundle([new Uint8Array(65_535)]).length, 65_537);
  assert.throws(() => encodeEntryBundle([new Uint8Array(65_536)]), { code: 'invalid_argument' });
  const many = Array.from({ length: 257 }, () => 'a');
  assert.throws(() => encodeEntryBundle(many), { code: 'invalid_argument' });
  const one = encodeEntryBundle(['a']);
  assert.throws(() => decodeEntryBundle(concat(...many.map(() => one))), { code: 'malformed' });
  assert.throws(() => decodeEntryBundle(one.subarray(0, 2)), { code: 'malformed' });
  assert.throws(() => decodeEntryBundle(one.subarray(0, 1)), { code: 'malformed' });
});

test('nodes read out of tiles are the nodes of the tree', async () => {
  const size = 70_000;
  const nodes = new Map<string, Uint8Array>();
  const tree = new CompactRange();
  for (let i = 0; i < size; i += 1) {
    tree.append(leafHash(u64ToBytes(i)), (level, index, hash) =>
      nodes.set(`${level}/${index}`, hash),
    );
  }
  const asked = new Set<string>();
  const readTile: TileReader = (tile) => {
    asked.add(tilePath(tile));
    const hashes = Array.from({ length: tile.width }, (_, i) => {
      return nodes.get(`${tile.level * 8}/${tile.index * 256 + i}`)!;
    });
    return concat(...hashes);
  };
  const read = nodesFromTiles(readTile, size);
  for (let level = 0; 2 ** level <= size; level += 1) {
    const last = Math.floor(size / 2 ** level) - 1;
    for (const index of new Set([0, Math.floor(last / 3), last])) {
      assert.deepEqual(await read(level, index), nodes.get(`${level}/${index}`));
    }
    await assert.rejects(async () => read(level, last + 1), { code: 'invalid_argument' });
  }
  const served = new Set([...tilesForSize(size)].map(tilePath));
  for (const path of asked) assert.ok(served.has(path), path);
  const short = nodesFromTiles(() => new Uint8Array(31), 1);
  await assert.rejects(async () => short(0, 0), { code: 'malformed' });
});
