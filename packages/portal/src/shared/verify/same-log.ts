import {
  checkConsistency,
  equalBytes,
  fromBase64,
  LedgerError,
  parseHash,
  type Checkpoint,
} from '@affidavit/ledger';

import type { Head } from './jobs.ts';
import { below, readJson } from './reading.ts';

/**
 * Proofs carry checkpoints of their own, since a log grows while it is read. Each must be of the
 * same history as the one that was looked at first: two that are signed and do not go together are
 * two ledgers under one key.
 */
export class SameLog {
  readonly head: Head;
  readonly #ledger: string;
  readonly #held = new Map<string, Promise<void>>();

  constructor(ledger: string, head: Head) {
    this.#ledger = ledger;
    this.head = head;
  }

  /** Throws `LedgerError` where the checkpoint, whose signature was verified, is of another history. */
  hold({ origin, size, root }: Checkpoint): Promise<void> {
    const key = `${size} ${root.join()}`;
    const held = this.#held.get(key) ?? this.#compare({ origin, size, root });
    this.#held.set(key, held);
    return held;
  }

  async #compare(seen: Checkpoint): Promise<void> {
    const { origin } = this.head;
    if (seen.origin !== origin) throw new LedgerError('proof_failed', 'It is of another ledger.');
    const first = { size: this.head.size, root: fromBase64(this.head.root) };
    if (seen.size === first.size) {
      if (equalBytes(seen.root, first.root)) return;
      throw new LedgerError('proof_failed', 'Two ledgers of one size are signed by one key.');
    }
    const [older, newer] = seen.size < first.size ? [seen, first] : [first, seen];
    const query = { old: String(older.size), new: String(newer.size) };
    const address = below(this.#ledger, 'proof/consistency', query);
    const { hashes } = await readJson<{ hashes: string[] }>(address);
    checkConsistency({ older, newer, hashes: hashes.map(parseHash) });
  }
}
