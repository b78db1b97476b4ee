import { concat, u16FromBytes, u16ToBytes, utf8 } from './bytes.ts';
import { LedgerError } from './error.ts';
import { MAX_HEADER_BYTES } from './header.ts';
import { HASH_SIZE, sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { nodeHash } from './tree.ts';

/** Hashes (or entries) of a full tile. */
export const TILE_WIDTH = 256;
/** Levels of the tree between one tile level and the next. */
export const TILE_HEIGHT = 8;

const MAX_TILE_LEVEL = 63;

/**
 * A tile of the tree, or a bundle of entries (C2SP tlog-tiles). The n-th tile of level l holds
 * the nodes [256 n, 256 n + width) of tree level 8 l; the n-th bundle holds the entries of the
 * n-th tile of level 0.
 */
export interface TileId {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

/** `tile/0/x001/x234/067.p/112`: where a tile stands below the prefix of its log. */
export function tilePath({ level, index, width }: TileId): string {
  if (!isTile(level, index, width)) throw new LedgerError('invalid_argument', 'Not a tile.');
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!;
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${number}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

const isTile = (level: number | 'entries', index: number, width: number): boolean =>
  (level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= MAX_TILE_LEVEL)) &&
  Number.isSafeInteger(index) &&
  index >= 0 &&
  Number.isInteger(width) &&
  width >= 1 &&
  width <= TILE_WIDTH;

const PATH_FORM = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The path is the attacker's: only the one spelling that `tilePath` gives is accepted. */
export function parseTilePath(path: string): TileId {
  const match = PATH_FORM.exec(path);
  if (match === null) throw new LedgerError('malformed', 'Not the path of a tile.');
  const [, level, number, width] = match;
  const tile: TileId = {
    level: level === 'entries' ? level : Number(level),
    index: Number(number!.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (!isTile(tile.level, tile.index, tile.width) || tilePath(tile) !== path) {
    throw new LedgerError('malformed', 'Not the path of a tile.');
  }
  return tile;
}

/**
 * The tiles of the tree of `size` leaves, by level and index; with `since`, only those that the
 * tree of `since` leaves does not have in the same width. For bundles, read level 0.
 */
export function* tilesForSize(size: number, since = 0): Generator<TileId & { level: number }> {
  let [nodes, before] = [size, since];
  for (let level = 0; nodes > 0; level += 1) {
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < nodes; index += 1) {
      const width = tileWidth(index, nodes);
      if (width > tileWidth(index, before)) yield { level, index, width };
    }
    nodes = Math.floor(nodes / TILE_WIDTH);
    before = Math.floor(before / TILE_WIDTH);
  }
}

const tileWidth = (index: number, nodes: number): number =>
  Math.min(TILE_WIDTH, nodes - index * TILE_WIDTH);

/** Entries as they are served: each with its length before it, 16 bits big-endian. */
export function encodeEntryBundle(headers: readonly (string | Uint8Array)[]): Uint8Array {
  if (headers.length > TILE_WIDTH) {
    throw new LedgerError('invalid_argument', 'A bundle has 256 entries at most.');
  }
  const chunks: Uint8Array[] = [];
  for (const header of headers) {
    const bytes = typeof header === 'string' ? utf8(header) : header;
    if (bytes.length > MAX_HEADER_BYTES) {
      throw new LedgerError('invalid_argument', 'An entry has 65,535 bytes at most.');
    }
    chunks.push(u16ToBytes(bytes.length), bytes);
  }
  return concat(...chunks);
}

/** The bytes are the attacker's. Entries come back as bytes, views into the bundle. */
export function decodeEntryBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const end = at + 2 + u16FromBytes(bundle, at);
    if (end > bundle.length || entries.length === TILE_WIDTH) {
      throw new LedgerError('malformed', 'Not an entry bundle.');
    }
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/**
 * Reads one node of the tree: `level` is the level in the tree (0 = leaves), not of a tile. Must
 * give the 32-byte hash, or throw. Only nodes whose leaves are all there are asked for.
 */
export type NodeReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

/** Reads one tile: its hashes one after another. A wider tile than asked for will do. */
export type TileReader = (
  tile: TileId & { readonly level: number },
) => Uint8Array | Promise<Uint8Array>;

/** Nodes out of the tiles of a log of `size` entries; those between tile levels are hashed. */
export function nodesFromTiles(
  readTile: TileReader,
  size: number,
  hash: Sha256 = sha256,
): NodeReader {
  return async (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const count = 2 ** (level % TILE_HEIGHT);
    const tileIndex = Math.floor((index * count) / TILE_WIDTH);
    const width = tileWidth(tileIndex, Math.floor(size / TILE_WIDTH ** tileLevel));
    const first = (index * count) % TILE_WIDTH;
    if (first + count > width) {
      throw new LedgerError('invalid_argument', 'The log has no such node yet.');
    }
    const tile = await readTile({ level: tileLevel, index: tileIndex, width });
    if (tile.length < width * HASH_SIZE) throw new LedgerError('malformed', 'A tile is short.');
    return foldTile(tile, first, count, hash);
  };
}

/** The node above `count` (a power of two) hashes of a tile. */
function foldTile(tile: Uint8Array, first: number, count: number, hash: Sha256): Uint8Array {
  if (count === 1) return tile.slice(first * HASH_SIZE, (first + 1) * HASH_SIZE);
  const half = count / 2;
  return nodeHash(
    foldTile(tile, first, half, hash),
    foldTile(tile, first + half, half, hash),
    hash,
  );
}
