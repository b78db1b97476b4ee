import type { ActionKey, ActionKeys, AppRef, Claim, ClaimState, Held } from '@affidavit/vault';

import type { StoredDirectory } from '../access/directory.ts';
import { heldAnswer } from '../approvals/row.ts';
import type { Effect } from '../store/port.ts';
import type { ActionKeysTable, ApprovalsTable } from '../store/tables.ts';

/** The keys of actions, as rows: see `ActionKeys`. */
export class StoredActionKeys implements ActionKeys {
  readonly #directory: StoredDirectory;
  readonly #now: () => number;

  constructor(directory: StoredDirectory, now: () => number) {
    this.#directory = directory;
    this.#now = now;
  }

  async find({ app }: AppRef, key: ActionKey): Promise<(Claim & ClaimState) | null> {
    const { actor_id, verb, idempotency_key } = key;
    const where = { app, actor_id, verb, idempotency_key };
    const [row] = await this.#directory.rows('action_keys', where);
    if (!row) return null;
    const { fingerprint, execution_id } = row;
    const claim = { actor_id, verb, idempotency_key, fingerprint, execution_id };
    return { ...claim, ...(await this.#stateOf(row)) };
  }

  async #stateOf({ app, execution_id, erased, sealed_result }: ActionKeysTable) {
    if (erased === 1) return { state: 'erased' } as const;
    if (sealed_result !== null) return { state: 'ended', sealed_result } as const;
    const [open] = await this.#directory.rows('open_intents', { app, execution_id });
    if (open) return { state: 'open' } as const;
    return this.#approvalOf(app, execution_id);
  }

  /** Without an intent that is open it waits for a person, was refused, or nobody knows. */
  async #approvalOf(app: number, execution_id: string): Promise<ClaimState> {
    const [row] = await this.#directory.rows('approvals', { app, execution_id });
    switch (row?.status) {
      case 'pending':
        return { state: 'held', held: await this.#heldOf(row) };
      case 'approved':
      case 'running':
        return { state: 'open' };
      case 'rejected':
      case 'expired':
        return { state: 'refused' };
      default:
        return { state: 'unknown' };
    }
  }

  async #heldOf(row: ApprovalsTable): Promise<Held> {
    const { app, event_id } = row;
    const [entry] = await this.#directory.rows('entries', { app, event_id });
    return heldAnswer(row, entry?.seq ?? -1);
  }

  take({ app }: AppRef, claim: Claim, instead?: string): readonly Effect[] {
    const { execution_id, fingerprint, ...key } = claim;
    const created_at = this.#now();
    const set = { execution_id, fingerprint, created_at, sealed_result: null, erased: 0 };
    if (instead === undefined) {
      return [{ op: 'insert', table: 'action_keys', row: { app, ...key, ...set } }];
    }
    const where = { app, ...key, execution_id: instead };
    return [{ op: 'update', table: 'action_keys', where, set }];
  }

  keep({ app }: AppRef, claim: Claim, sealed_result: string): readonly Effect[] {
    const where = { ...ofClaim(app, claim), erased: 0 };
    return [{ op: 'update', table: 'action_keys', where, set: { sealed_result }, any: true }];
  }

  release({ app }: AppRef, claim: Claim): readonly Effect[] {
    return [{ op: 'delete', table: 'action_keys', where: ofClaim(app, claim), any: true }];
  }
}

function ofClaim(app: number, claim: Claim) {
  const { actor_id, verb, idempotency_key, execution_id } = claim;
  return { app, actor_id, verb, idempotency_key, execution_id };
}

/** With the entries of an execution goes its result; the key stays taken. */
export function eraseKeys(app: number, execution_id: string): Effect {
  const set = { erased: 1, sealed_result: null };
  return { op: 'update', table: 'action_keys', where: { app, execution_id }, set, any: true };
}

/** Gives back the key of an execution that turned out not to happen. */
export function releaseKeys(app: number, execution_id: string): Effect {
  return { op: 'delete', table: 'action_keys', where: { app, execution_id }, any: true };
}
