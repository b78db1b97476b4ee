import { HASH_SIZE, nodeHash, TILE_WIDTH } from '@affidavit/ledger';

import { nativeSha256 } from '../sequence/hash.ts';
import { readable, type LogSource } from './source.ts';

/** 32 bytes each. */
export type Hashes = readonly Uint8Array[];

export const isSame = (left: Uint8Array, right: Uint8Array): boolean =>
  Buffer.compare(left, right) === 0;

/** The root of a whole subtree: over a power of two of hashes. */
export function rootOf(hashes: Hashes): Uint8Array {
  let level = hashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(nodeHash(level[i] as Uint8Array, level[i + 1] as Uint8Array, nativeSha256));
    }
    level = above;
  }
  return level[0] as Uint8Array;
}

/** Hashes that stand back to back, or null where that is not so many of them. */
export function splitHashes(bytes: unknown, count: number): Uint8Array[] | null {
  if (!(bytes instanceof Uint8Array) || bytes.length !== count * HASH_SIZE) return null;
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE),
  );
}

/** A full tile as it is stored. */
export interface StoredTile {
  readonly hashes: Hashes;
  /** The node above it; null where that cannot be one. */
  readonly root: Uint8Array | null;
}

/** Null where there is none, or none of the right length. */
export async function readTile(
  { db, app }: LogSource,
  level: number,
  index: number,
): Promise<StoredTile | null> {
  const row = await readable(() =>
    db
      .selectFrom('tiles')
      .select(['hashes', 'root'])
      .where('app', '=', app)
      .where('level', '=', level)
      .where('tile', '=', index)
      .executeTakeFirst(),
  );
  const hashes = splitHashes(row?.hashes, TILE_WIDTH);
  return hashes && { hashes, root: splitHashes(row?.root, 1)?.[0] ?? null };
}

/**
 * The first hash of a stored tile that is not what it should be, or null. A tile whose damage
 * cannot be told to one counts as damaged at its first. What is not known is not compared.
 */
export function findDamage(
  tile: StoredTile | null,
  known: {
    readonly hashes: readonly (Uint8Array | null)[] | null;
    readonly root: Uint8Array | null;
  },
): number | null {
  if (tile === null) return 0;
  const at = tile.hashes.findIndex((hash, i) => {
    const expected = known.hashes?.[i] ?? null;
    return expected !== null && !isSame(hash, expected);
  });
  if (at >= 0) return at;
  if (known.root === null) return null;
  const rootStands = tile.root !== null && isSame(tile.root, known.root);
  return rootStands && known.hashes !== null ? null : 0;
}
