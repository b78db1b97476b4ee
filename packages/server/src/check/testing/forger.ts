/** Writes history anew, as well as one can without the key of the log. For tests. */
import { generateKeyPairSync, sign } from 'node:crypto';

import {
  CompactRange,
  encodeHeader,
  formatCheckpoint,
  fromHex,
  parseHeader,
  rangeNodes,
  signNote,
  TILE_WIDTH,
  toHex,
  ZERO_HASH,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import { hashLeaf, nativeSha256 } from '../../sequence/hash.ts';
import type { HeadsTable, Tables } from '../../store/tables.ts';
import { rootOf } from '../tile.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const KEY = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');

/** A checkpoint for a tree of this size by a key that the log does not have. */
export function forge(size: number, { checkpoint, frontier }: HeadsTable): string {
  const hashes = rangeNodes(0, size).map((_, i) => frontier.subarray(i * 32, i * 32 + 32));
  const root = new CompactRange({ begin: 0, end: size, hashes }).root();
  const origin = checkpoint.slice(0, checkpoint.indexOf('\n'));
  const signer = {
    name: origin,
    publicKey: KEY,
    sign: (message: Uint8Array) => sign(null, message, privateKey),
  };
  return signNote(formatCheckpoint({ origin, size, root }), signer);
}

interface Extent {
  readonly tree?: boolean;
  readonly checkpoint?: boolean;
}

/** Another id at `first`, and all entries from there, or a number of them, in a sound chain. */
export async function rewriteFrom(
  db: Kysely<Tables>,
  first: number,
  extent: Extent,
  count = Infinity,
): Promise<void> {
  const rows = await db.selectFrom('entries').selectAll().orderBy('seq').execute();
  const tree = new CompactRange(undefined, nativeSha256);
  let prev = ZERO_HASH;
  for (const row of rows) {
    if (row.seq >= first && row.seq < first + count) {
      const known = parseHeader(row.header);
      const event_id = row.seq === first ? 'evt_forged' : known.event_id;
      row.header = encodeHeader({ ...known, event_id, prev });
      row.leaf_hash = hashLeaf(row.header);
      const { header, leaf_hash } = row;
      await db
        .updateTable('entries')
        .set({ header, leaf_hash, event_id })
        .where('seq', '=', row.seq)
        .execute();
    }
    prev = toHex(row.leaf_hash);
    tree.append(row.leaf_hash);
  }
  const leaves = rows.map((row) => row.leaf_hash);
  const last_leaf = leaves.at(-1) as Uint8Array;
  await db.updateTable('heads').set({ last_leaf }).execute();
  if (extent.tree) await rewriteTree(db, leaves, tree, extent);
}

async function rewriteTree(
  db: Kysely<Tables>,
  leaves: readonly Uint8Array[],
  tree: CompactRange,
  { checkpoint }: Extent,
): Promise<void> {
  for (let tile = 0; (tile + 1) * TILE_WIDTH <= leaves.length; tile++) {
    const hashes = leaves.slice(tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH);
    const root = fromHex(rootOf(hashes.map(toHex)));
    const set = { hashes: Buffer.concat(hashes), root };
    await db.updateTable('tiles').set(set).where('tile', '=', tile).execute();
  }
  const frontier = Buffer.concat(tree.state().hashes);
  await db.updateTable('heads').set({ frontier }).execute();
  if (!checkpoint) return;
  const head = await db.selectFrom('heads').selectAll().executeTakeFirstOrThrow();
  await db
    .updateTable('heads')
    .set({ checkpoint: forge(leaves.length, head) })
    .execute();
}
