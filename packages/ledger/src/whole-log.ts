import { fromUtf8 } from './bytes.ts';
import { LedgerError } from './error.ts';
import { RangeVerifier } from './range.ts';
import type { RangeDamage } from './range.ts';
import { HASH_SIZE } from './sha256.ts';
import { decodeEntryBundle, TILE_HEIGHT, TILE_WIDTH, tilePath } from './tiles.ts';
import type { TileId } from './tiles.ts';
import type { NodeVisitor } from './tree.ts';
import { verifyCheckpoint } from './verify.ts';
import type { Trust, VerifiedRange } from './verify.ts';

/** Reads what is below the prefix of a log (C2SP tlog-tiles): `checkpoint`, `tile/0/000` … */
export type ResourceReader = (path: string) => Promise<Uint8Array>;

export interface LogOptions extends Trust {
  /** Told after each bundle: entries checked so far, and how many there are. */
  readonly onProgress?: (checked: number, size: number) => void | Promise<void>;
}

/** Resources that are asked for before they are needed. */
const READ_AHEAD = 16;

/**
 * Checks a whole log as it is served, in constant memory: the checkpoint, every entry, the chain,
 * the tree, and every hash tile against the entries below it. All of it is the attacker's. Throws
 * where there is no checkpoint that the log has signed, and what the reader throws.
 */
export async function verifyLog(read: ResourceReader, options: LogOptions): Promise<VerifiedRange> {
  const checkpoint = await verifyCheckpoint(fromUtf8(await read('checkpoint')), options);
  const { size } = checkpoint;
  const tiles = new TileCheck();
  const start = { checkpoint, first_seq: 0, left: [], visit: tiles.visit };
  const range = new RangeVerifier(start, options.hash);
  let damage: RangeDamage | null = null;
  for await (const { tile, bytes } of readAhead(resourcesOf(size), read)) {
    if (tile.level === 'entries') {
      damage = addBundle(range, tile, bytes);
      await options.onProgress?.(tile.index * TILE_WIDTH + tile.width, size);
    } else {
      damage = tiles.compare(tile as TileId & { level: number }, bytes);
    }
    if (damage !== null || range.damage !== null) break;
  }
  const verdict = range.finish([]);
  if (damage === null) return { ...verdict, checkpoint };
  return { ...verdict, checkpoint, ok: false, broken: [damage] };
}

/** In the order in which they can be checked: each tile when all that is below it was read. */
function* resourcesOf(size: number): Generator<TileId> {
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    yield { level: 'entries', index, width };
    yield { level: 0, index, width };
    let end = index + 1;
    for (let level = 1; end % TILE_WIDTH === 0; level += 1) {
      end /= TILE_WIDTH;
      yield { level, index: end - 1, width: TILE_WIDTH };
    }
  }
  let nodes = Math.floor(size / TILE_WIDTH);
  for (let level = 1; nodes > 0; level += 1) {
    const width = nodes % TILE_WIDTH;
    nodes = Math.floor(nodes / TILE_WIDTH);
    if (width > 0) yield { level, index: nodes, width };
  }
}

interface Resource {
  readonly tile: TileId;
  readonly bytes: Uint8Array;
}

async function* readAhead(tiles: Iterable<TileId>, read: ResourceReader): AsyncGenerator<Resource> {
  const waiting: Promise<Resource>[] = [];
  for (const tile of tiles) {
    const reading = read(tilePath(tile)).then((bytes) => ({ tile, bytes }));
    reading.catch(() => undefined);
    waiting.push(reading);
    if (waiting.length === READ_AHEAD) yield await waiting.shift()!;
  }
  for (const reading of waiting) yield await reading;
}

/** Adds the entries of a bundle; what is wrong with the bundle itself, if anything. */
function addBundle(
  range: RangeVerifier,
  { index, width }: TileId,
  bytes: Uint8Array,
): RangeDamage | null {
  const first = index * TILE_WIDTH;
  let entries: Uint8Array[];
  try {
    entries = decodeEntryBundle(bytes);
  } catch (error) {
    if (error instanceof LedgerError) return { seq: first, reason: 'malformed' };
    throw error;
  }
  for (const entry of entries.slice(0, width)) range.add(entry);
  const isWhole = entries.length === width || range.damage !== null;
  return isWhole ? null : { seq: first + Math.min(entries.length, width), reason: 'seq' };
}

/** The tiles that the entries give, the last of each level, beside those that are served. */
class TileCheck {
  readonly #levels: Uint8Array[] = [];

  /** Puts a node into the tile it belongs to. */
  readonly visit: NodeVisitor = (level, index, hash) => {
    if (level % TILE_HEIGHT !== 0) return;
    const tile = (this.#levels[level / TILE_HEIGHT] ??= new Uint8Array(TILE_WIDTH * HASH_SIZE));
    tile.set(hash, (index % TILE_WIDTH) * HASH_SIZE);
  };

  compare({ level, index, width }: TileId & { level: number }, served: Uint8Array) {
    const expected = this.#levels[level]!.subarray(0, width * HASH_SIZE);
    const at = expected.findIndex((byte, i) => byte !== served[i]);
    if (at < 0 && served.length === expected.length) return null;
    const node = index * TILE_WIDTH + Math.floor((at < 0 ? 0 : at) / HASH_SIZE);
    return { seq: node * TILE_WIDTH ** level, reason: 'tile' } as const;
  }
}
