import {
  CompactRange,
  nodesFromTiles,
  readRange,
  TILE_WIDTH,
  tilePath,
  type NodeReader,
  type TileId,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { nativeSha256 } from '../sequence/hash.ts';
import type { Tables } from '../store/tables.ts';

/** The tree of a log, read back from the store. All reads of one answer belong in one snapshot. */

/**
 * The hashes of a tile, one after another; fewer than its width where the log is not that long, or
 * rows are missing. Full tiles are stored; partial ones are put together from what they are made of.
 */
export async function readTile(
  db: Kysely<Tables>,
  app: number,
  { level, index, width }: TileId & { readonly level: number },
): Promise<Uint8Array> {
  if (width === TILE_WIDTH) return readFullTile(db, app, level, index);
  const first = index * TILE_WIDTH;
  const rows =
    level === 0
      ? await db
          .selectFrom('entries')
          .select('leaf_hash as hash')
          .where('app', '=', app)
          .where('seq', '>=', first)
          .where('seq', '<', first + width)
          .orderBy('seq')
          .execute()
      : await db
          .selectFrom('tiles')
          .select('root as hash')
          .where('app', '=', app)
          .where('level', '=', level - 1)
          .where('tile', '>=', first)
          .where('tile', '<', first + width)
          .orderBy('tile')
          .execute();
  return Buffer.concat(rows.map((row) => row.hash));
}

async function readFullTile(
  db: Kysely<Tables>,
  app: number,
  level: number,
  index: number,
): Promise<Uint8Array> {
  const row = await db
    .selectFrom('tiles')
    .select('hashes')
    .where('app', '=', app)
    .where('level', '=', level)
    .where('tile', '=', index)
    .executeTakeFirst();
  return row?.hashes ?? new Uint8Array(0);
}

/**
 * The nodes of the tree of the first `size` entries. Each tile is read once and each node hashed
 * once, so that many proofs cost little more than one; made anew for each answer. Rejects with a
 * `LedgerError` where hashes are missing from the store.
 */
export function storedNodes(db: Kysely<Tables>, app: number, size: number): NodeReader {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const nodes = new Map<string, Promise<Uint8Array>>();
  const tileOnce = (tile: TileId & { readonly level: number }) =>
    once(tiles, tilePath(tile), () => readTile(db, app, tile));
  const read = nodesFromTiles(tileOnce, size, nativeSha256);
  return (level, index) => once(nodes, `${level}/${index}`, async () => read(level, index));
}

function once<T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found) return found;
  const reading = read();
  known.set(key, reading);
  return reading;
}

/** Root of the tree of the first `size` entries. */
export async function rootAt(db: Kysely<Tables>, app: number, size: number): Promise<Uint8Array> {
  const hashes = await readRange(0, size, storedNodes(db, app, size));
  return new CompactRange({ begin: 0, end: size, hashes }, nativeSha256).root();
}
