import type { Evidence, EvidencePart } from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import type { SigningKeysTable, Tables } from '../store/tables.ts';
import { checkpointOf } from './head.ts';
import { findEntry, proveReceipts } from './proofs.ts';

/** A key of a log, for those who follow from one to the next. */
export interface ChainedKey {
  readonly vkey: string;
  readonly from_size: number;
  readonly to_size: number | null;
  /** Epoch ms. */
  readonly created_at: number;
  readonly retires_at: number | null;
  /** That the key before it has handed the log on to it; absent for the first. */
  readonly change?: Evidence;
}

export interface KeyPage {
  readonly app: number;
  /** Only keys from larger sizes. */
  readonly after: number;
  readonly limit: number;
}

/** The keys of a log, the oldest first, each with the proof of how it came in. */
export async function readKeyChain(
  db: Kysely<Tables>,
  { app, after, limit }: KeyPage,
): Promise<ChainedKey[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .selectAll()
    .where('app', '=', app)
    .where('from_size', '>', after)
    .orderBy('from_size')
    .limit(limit)
    .execute();
  return Promise.all(rows.map((row) => chainedKey(db, row)));
}

async function chainedKey(db: Kysely<Tables>, row: SigningKeysTable): Promise<ChainedKey> {
  const { verifier_key: vkey, from_size, to_size, created_at, retires_at } = row;
  const change = await readChange(db, row);
  return {
    vkey,
    from_size,
    to_size,
    created_at,
    retires_at,
    ...(change === null ? {} : { change }),
  };
}

/**
 * The entry that brought a key in is the last one of the first tree that the key signed. Its proof
 * is under the checkpoint that was kept for it: no later one needs to have the old signature.
 */
async function readChange(
  db: Kysely<Tables>,
  { app, from_size, change, change_checkpoint: checkpoint }: SigningKeysTable,
): Promise<Evidence | null> {
  if (change === null || checkpoint === null) return null;
  const { seq, header } = await findEntry(db, app, { seq: from_size - 1 });
  const { size } = checkpointOf(checkpoint);
  const { proofs } = await proveReceipts(db, app, [seq], { size, checkpoint });
  return { header, parts: [JSON.parse(change) as EvidencePart], proof: proofs[0] as string };
}

/** A key that has been replaced and whose time to sign beside the new one is over. */
export type EndedKey = Pick<SigningKeysTable, 'app' | 'from_size' | 'verifier_key'>;

/** Such keys of all logs, a bounded number at once; `now` in epoch ms. */
export function readEndedKeys(
  db: Kysely<Tables>,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<EndedKey[]> {
  return db
    .selectFrom('signing_keys')
    .select(['app', 'from_size', 'verifier_key'])
    .where('to_size', 'is', null)
    .where('retires_at', '<=', now)
    .limit(limit)
    .execute();
}
