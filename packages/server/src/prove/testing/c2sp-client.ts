/**
 * A client of tiled logs that has never heard of Affidavit, for tests: written from C2SP
 * tlog-tiles and RFC 6962 section 2.1 with node:crypto alone.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

/** GET below the prefix of a log: the body, or null for 404. */
export type Fetch = (path: string) => Promise<Uint8Array | null>;

const HASH_BYTES = 32;

function sha256(...chunks: Uint8Array[]): Buffer {
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
}

/** "a non-negative integer encoded into zero-padded 3-digit path elements" */
export function indexPath(index: number): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return path;
}

/** Paths of all tiles of a level, or of all bundles: the full ones and the partial one. */
export function tilePaths(kind: string, nodes: number): { path: string; width: number }[] {
  const paths = Array.from({ length: Math.floor(nodes / 256) }, (_, index) => ({
    path: `tile/${kind}/${indexPath(index)}`,
    width: 256,
  }));
  const width = nodes % 256;
  if (width === 0) return paths;
  const path = `tile/${kind}/${indexPath(Math.floor(nodes / 256))}.p/${width}`;
  return [...paths, { path, width }];
}

/** RFC 6962 section 2.1, over leaf hashes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return Buffer.from(leaves[0] as Uint8Array);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = merkleRoot(leaves.slice(0, split));
  return sha256(Buffer.of(1), left, merkleRoot(leaves.slice(split)));
}

async function readLevel(fetch: Fetch, level: number, nodes: number): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (const { path, width } of tilePaths(String(level), nodes)) {
    const tile = await fetch(path);
    assert.ok(tile, `${path} is there`);
    assert.equal(tile.length, width * HASH_BYTES, path);
    for (let at = 0; at < tile.length; at += HASH_BYTES) {
      hashes.push(tile.subarray(at, at + HASH_BYTES));
    }
  }
  return hashes;
}

/** The root of the tree of `size` entries out of all its tiles, each level checked by the one below. */
export async function rootFromTiles(fetch: Fetch, size: number): Promise<Buffer> {
  const leaves = await readLevel(fetch, 0, size);
  let below = leaves;
  for (let level = 1; below.length >= 256; level += 1) {
    const nodes = Math.floor(size / 256 ** level);
    const hashes = await readLevel(fetch, level, nodes);
    for (const [index, hash] of hashes.entries()) {
      const computed = merkleRoot(below.slice(index * 256, index * 256 + 256));
      assert.deepEqual(Buffer.from(hash), computed, `node ${index} of tile level ${level}`);
    }
    below = hashes;
  }
  return merkleRoot(leaves);
}

/** The entries of the log, out of its bundles alone. */
export async function entriesFromBundles(fetch: Fetch, size: number): Promise<Buffer[]> {
  const entries: Buffer[] = [];
  for (const { path, width } of tilePaths('entries', size)) {
    const found = await fetch(path);
    assert.ok(found, `${path} is there`);
    const bundle = Buffer.from(found);
    const before = entries.length;
    for (let at = 0; at < bundle.length;) {
      const end = at + 2 + bundle.readUInt16BE(at);
      assert.ok(end <= bundle.length, `${path} ends within an entry`);
      entries.push(bundle.subarray(at + 2, end));
      at = end;
    }
    assert.equal(entries.length - before, width, path);
  }
  return entries;
}

export function rootFromEntries(entries: readonly Uint8Array[]): Buffer {
  return merkleRoot(entries.map((entry) => sha256(Buffer.of(0), entry)));
}
