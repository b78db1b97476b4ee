import {
  encodeEntryBundle,
  HASH_SIZE,
  LedgerError,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileId,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { readHead } from './head.ts';
import { readTile } from './nodes.ts';

/** Headers of [first, end), exactly as logged. Throws `LedgerError` where one is missing. */
export async function readHeaders(
  db: Kysely<Tables>,
  app: number,
  first: number,
  end: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('entries')
    .select('header')
    .where('app', '=', app)
    .where('seq', '>=', first)
    .where('seq', '<', end)
    .orderBy('seq')
    .execute();
  if (rows.length !== end - first) {
    throw new LedgerError('malformed', 'Entries are missing from the store.');
  }
  return rows.map((row) => row.header);
}

/**
 * A tile or an entry bundle as it is served (C2SP tlog-tiles), or null where the log is not that
 * long. Partial ones of any width that the log has had are there for good.
 */
export async function readResource(
  db: Kysely<Tables>,
  app: number,
  tile: TileId,
): Promise<Uint8Array | null> {
  const { level, index, width } = tile;
  const { size } = await readHead(db, app);
  const first = index * TILE_WIDTH;
  const height = level === 'entries' ? 0 : level * TILE_HEIGHT;
  if (first + width > Math.floor(size / 2 ** height)) return null;
  if (level === 'entries') {
    return encodeEntryBundle(await readHeaders(db, app, first, first + width));
  }
  const hashes = await readTile(db, app, { level, index, width });
  if (hashes.length === width * HASH_SIZE) return hashes;
  throw new LedgerError('malformed', 'Hashes of the tree are missing from the store.');
}
