import { consistencyProof, formatTlogProof, inclusionProofs, toBase64 } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { nativeSha256 } from '../sequence/hash.ts';
import type { Tables } from '../store/tables.ts';
import { readHead } from './head.ts';
import { storedNodes } from './nodes.ts';

/** Proofs for those who hold a checkpoint. Each function belongs in one snapshot. */

/** An entry, by its id or by its place. */
export type EntryName = { readonly event_id: string } | { readonly seq: number };

/** Its place. Throws `not_found`. */
export async function findEntry(
  db: Kysely<Tables>,
  app: number,
  name: EntryName,
): Promise<{ readonly seq: number; readonly header: string }> {
  const query = db.selectFrom('entries').select(['seq', 'header']).where('app', '=', app);
  const row =
    'seq' in name
      ? await query.where('seq', '=', name.seq).executeTakeFirst()
      : await query.where('event_id', '=', name.event_id).executeTakeFirst();
  if (row) return row;
  const [[field, value]] = Object.entries(name) as [[string, string | number]];
  throw new AffidavitError('not_found', `there is no entry with the ${field} ${value}`, { field });
}

/** That an entry is under the newest checkpoint (C2SP tlog-proof). */
export async function proveInclusion(
  db: Kysely<Tables>,
  app: number,
  name: EntryName,
): Promise<string> {
  const { seq } = await findEntry(db, app, name);
  const { proofs } = await proveReceipts(db, app, [seq]);
  return proofs[0] as string;
}

export interface SignedSize {
  readonly size: number;
  /** The signed note that says this size. */
  readonly checkpoint: string;
}

export interface Receipts {
  /** A tlog-proof for each place that was asked for. */
  readonly proofs: readonly string[];
  /** The checkpoint that all of them are under. */
  readonly checkpoint: string;
}

/** One tlog-proof for each place, all under a checkpoint that the caller has, or the newest. */
export async function proveReceipts(
  db: Kysely<Tables>,
  app: number,
  seqs: readonly number[],
  signed?: SignedSize,
): Promise<Receipts> {
  const { size, checkpoint } = signed ?? (await readHead(db, app));
  const nodes = storedNodes(db, app, size);
  const paths = await inclusionProofs(seqs, size, nodes, nativeSha256);
  const proofs = paths.map((hashes, i) => {
    return formatTlogProof({ index: seqs[i] as number, hashes, checkpoint });
  });
  return { proofs, checkpoint };
}

/** That the log of `newer` entries begins with the log of `older` entries: hashes in base64. */
export async function proveConsistency(
  db: Kysely<Tables>,
  app: number,
  older: number,
  newer: number,
): Promise<string[]> {
  const { size } = await readHead(db, app);
  if (newer > size) throw outside('new', `the log has ${size} entries`, `at most ${size}`);
  if (older > newer) throw outside('old', 'old is larger than new', `at most ${newer}`);
  const nodes = storedNodes(db, app, newer);
  return (await consistencyProof(older, newer, nodes, nativeSha256)).map(toBase64);
}

function outside(field: string, message: string, expected: string): AffidavitError {
  return new AffidavitError('invalid_request', message, { field, expected });
}
