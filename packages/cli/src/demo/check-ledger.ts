import { CompactRange, equalBytes, fromHex, verifyCheckpoint, ZERO_HASH } from '@affidavit/ledger';

/**
 * The ledger, checked on this side with nothing but a public key: the signature, the hash chain,
 * and the tree rebuilt from the leaf hashes of the entries.
 */

export interface LedgerAnswer {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  /** A C2SP signed note. */
  readonly checkpoint: string;
}

/** What of an entry the chain needs. */
export interface Link {
  readonly seq?: number | undefined;
  readonly prev_hash?: string | undefined;
  readonly leaf_hash?: string | undefined;
}

/**
 * Takes the entries from the first on, and no more of them than the checkpoint covers. Resolves to
 * how many were checked; rejects with the first position that does not fit.
 */
export async function checkLedger(
  { origin, vkey, checkpoint }: LedgerAnswer,
  entries: AsyncIterable<Link>,
): Promise<number> {
  const signed = await verifyCheckpoint(checkpoint, { verifiers: [vkey] });
  const { size, root } = signed;
  if (signed.origin !== origin) throw new Error(`the checkpoint is of ${signed.origin}`);
  const tree = new CompactRange();
  let previous = ZERO_HASH;
  if (size > 0) {
    for await (const { seq, prev_hash, leaf_hash } of entries) {
      if (seq !== tree.end) throw new Error(`entry ${tree.end} is missing`);
      if (prev_hash !== previous) throw new Error(`the chain is broken before entry ${seq}`);
      previous = leaf_hash ?? '';
      tree.append(fromHex(previous));
      if (tree.end === size) break;
    }
  }
  if (tree.end !== size) throw new Error(`entry ${tree.end} is missing`);
  if (!equalBytes(tree.root(), root)) throw new Error('the tree is not the one that was signed');
  return size;
}
