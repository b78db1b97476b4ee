import { hash } from 'node:crypto';

import { HASH_SIZE, TILE_WIDTH } from '@affidavit/ledger';

import { readable, type LogSource } from './source.ts';

/** In lower-case hex, as headers write them: they are compared more often than hashed. */
export type Hashes = readonly string[];

const HEX_DIGITS = 2 * HASH_SIZE;
/** RFC 6962 section 2.1: SHA-256(0x01 ‖ left ‖ right). */
const node = Buffer.alloc(1 + 2 * HASH_SIZE, 1);

/** The root of a whole subtree: over a power of two of hashes. */
export function rootOf(hashes: Hashes): string {
  const level = Buffer.from(hashes.join(''), 'hex');
  for (let width = hashes.length; width > 1; width /= 2) {
    for (let i = 0; i < width / 2; i++) {
      level.copy(node, 1, i * 2 * HASH_SIZE, (i + 1) * 2 * HASH_SIZE);
      level.write(hash('sha256', node, 'binary'), i * HASH_SIZE, 'binary');
    }
  }
  return level.toString('hex', 0, HASH_SIZE);
}

/** Hashes that stand back to back, or null where that is not so many of them. */
export function splitHashes(bytes: unknown, count: number): string[] | null {
  if (!(bytes instanceof Uint8Array) || bytes.length !== count * HASH_SIZE) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return Array.from({ length: count }, (_, i) => text.slice(i * HEX_DIGITS, (i + 1) * HEX_DIGITS));
}

/** A full tile as it is stored. */
export interface StoredTile {
  readonly hashes: Hashes;
  /** The node above it; null where that cannot be one. */
  readonly root: string | null;
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
    readonly hashes: readonly (string | null)[] | null;
    readonly root: string | null;
  },
): number | null {
  if (tile === null) return 0;
  const at = tile.hashes.findIndex((one, i) => {
    const expected = known.hashes?.[i] ?? null;
    return expected !== null && one !== expected;
  });
  if (at >= 0) return at;
  if (known.root === null) return null;
  return tile.root === known.root && known.hashes !== null ? null : 0;
}
