import { AffidavitError, type AuditEvent, type GovernanceRule } from '@affidavit/schema';

import type { Change } from '../ports.ts';

/** What makes an action of a call. */
export interface Action {
  /** What its entries say beyond those of a call: the verb, its risk, the arguments. */
  readonly facts: Partial<AuditEvent>;
  readonly governance: GovernanceRule;
  /** Ends after the decision: nothing is opened and nothing is sent. */
  readonly dry_run: boolean;
  readonly fence?: Fence;
  /** What carries it out later, where a person must approve first; sealed meanwhile. */
  readonly held: object;
}

/** The fence of an `Idempotency-Key`: what changes for it with the entries of its execution. */
export interface Fence {
  /** With the intent, or with the entry that asks for an approval. */
  taken(execution_id: string): readonly Change[];
  /** With the outcome; `whole` is the result as it came, however large. */
  kept(event: AuditEvent, whole: Pick<AuditEvent, 'result'>): readonly Change[];
  /** With the outcome, where nothing was sent. */
  released(execution_id: string): readonly Change[];
  /** Whether another execution has the key. */
  isLost(execution_id: string): Promise<boolean>;
}

/** Another request took the key first. Nothing of this one is on the record. */
export class KeyTaken extends Error {}

/** Writes what takes a key. Rejects with `KeyTaken` where that is why it cannot be written. */
export async function fencedBy<T>(
  fence: Fence | undefined,
  execution_id: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isConflict = error instanceof AffidavitError && error.code === 'conflict';
    if (isConflict && (await fence?.isLost(execution_id))) throw new KeyTaken();
    throw error;
  }
}
