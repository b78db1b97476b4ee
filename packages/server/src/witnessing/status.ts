import type { WitnessView } from './reads.ts';
import type { Conflict } from './record.ts';

/** Without a cosignature for so long, a witness is missing; it is asked more often than that. */
const MISSING_MS = 15 * 60 * 1000;
/** So much time a witness has to follow the ledger. */
const BEHIND_MS = 60 * 1000;

/**
 * `ok`: it follows. `behind`: the newest entries are not cosigned. `missing`: it has cosigned
 * nothing, or nothing for a quarter of an hour. `conflict`: it holds another history of this ledger.
 */
export type WitnessStatus = 'ok' | 'behind' | 'missing' | 'conflict';

/** `now` in epoch ms. */
export function statusOf(witness: WitnessView, now: number): WitnessStatus {
  const { conflict, cosigned_size, answered_at, size, error } = witness;
  if (conflict !== null) return 'conflict';
  if (cosigned_size === null || answered_at === null) return 'missing';
  const silent = now - answered_at;
  if (silent > MISSING_MS) return 'missing';
  const late = cosigned_size < size && (error !== null || silent > BEHIND_MS);
  return late ? 'behind' : 'ok';
}

/** What who administers may know beside it. */
export function listWitness(witness: WitnessView, now: number) {
  const { witness_id, url, created_at, conflict } = witness;
  return {
    witness_id,
    url,
    ...showWitness(witness, now),
    created_at: new Date(created_at).toISOString(),
    ...(conflict === null ? {} : { conflict: JSON.parse(conflict) as Conflict }),
  };
}

/** What everybody may know who may read the ledger. */
export function showWitness(witness: WitnessView, now: number) {
  const { name, vkey, cosigned_size, answered_at, error } = witness;
  return {
    name,
    vkey,
    cosigned_size,
    last_seen: answered_at === null ? null : new Date(answered_at).toISOString(),
    status: statusOf(witness, now),
    error,
  };
}
