import { AffidavitError, type AuditEvent } from '@affidavit/schema';

import type { ReaderPool } from '../query/reader-pool.ts';
import type { StoredDirectory } from '../access/directory.ts';
import type { Trail } from '../ingest/trail.ts';
import type { ColumnValue, Effect } from '../store/port.ts';
import type { Target } from './ask.ts';
import { commonSize, type CosignedPlace, type WitnessView } from './reads.ts';

/** What came of asking, kept: cosignatures and errors beside the ledger, a conflict in it. */

export interface RecordPorts {
  readonly trail: Trail;
  readonly directory: Pick<StoredDirectory, 'appByNumber'>;
  readonly readers: Pick<ReaderPool, 'run'>;
  readonly now: () => number;
}

/** A witness that holds another history of the ledger than the database does. */
export interface Conflict {
  /** `ahead`: more entries than there are. `other_history`: other ones. */
  readonly reason: 'ahead' | 'other_history';
  /** Entries that the witness has cosigned. */
  readonly witness_size: number;
}

/** Applies effects to a witness that may have been removed meanwhile. */
async function applyTo(
  { trail }: RecordPorts,
  { app, witness_id }: WitnessView,
  set: Readonly<Record<string, ColumnValue>>,
  more: readonly Effect[] = [],
): Promise<void> {
  const where = { app, witness_id };
  const state: Effect = { op: 'update', table: 'witness_states', where, set };
  await unlessRemoved(trail.apply(app, [state, ...more]));
}

async function unlessRemoved(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!(error instanceof AffidavitError) || error.code !== 'conflict') throw error;
  }
}

export function keepCosignature(
  ports: RecordPorts,
  witness: WitnessView,
  { size, checkpoint }: Target,
  line: string,
): Promise<void> {
  const { app, witness_id } = witness;
  const where = { app, size, witness_id };
  const set = { cosigned_size: size, answered_at: ports.now(), error: null, conflict: null };
  return applyTo(ports, witness, set, [
    { op: 'delete', table: 'cosignatures', where, any: true },
    { op: 'insert', table: 'cosignatures', row: { ...where, checkpoint, line } },
  ]);
}

export async function keepError(ports: RecordPorts, witness: WitnessView, error: string) {
  if (witness.error !== error) await applyTo(ports, witness, { error });
}

/**
 * Raises the alarm: an entry of the ledger itself, once until the witness agrees again. Returns
 * whether it is a new one.
 */
export async function raiseConflict(
  ports: RecordPorts,
  witness: WitnessView,
  target: Target,
  conflict: Conflict,
): Promise<boolean> {
  const app = await ports.directory.appByNumber(witness.app);
  if (!app) return false;
  const { witness_id, name, vkey } = witness;
  const error = describe(conflict, target);
  const set = { error, conflict: JSON.stringify(conflict) };
  if (witness.conflict !== null) {
    if (witness.error !== error) await applyTo(ports, witness, set);
    return false;
  }
  const event: AuditEvent = {
    event_type: 'witness.conflict',
    actor_type: 'system',
    actor_id: 'affidavit',
    outcome: 'error',
    reason: error,
    args: { witness_id, name, vkey, ...conflict, checkpoint: target.checkpoint },
  };
  const where = { app: witness.app, witness_id };
  const effects: Effect[] = [{ op: 'update', table: 'witness_states', where, set }];
  const write = { app: app.app, app_id: app.app_id, events: [event], effects };
  await unlessRemoved(ports.trail.record(write));
  return true;
}

function describe({ reason, witness_size }: Conflict, { size }: Target): string {
  return reason === 'ahead'
    ? `the witness has cosigned ${witness_size} entries, and the database has ${size}`
    : `the witness holds another history of the first ${witness_size} entries`;
}

/** Drops cosignatures that nobody is given any more. */
export async function dropOldCosignatures(
  { trail, readers }: RecordPorts,
  app: number,
  witnesses: readonly WitnessView[],
): Promise<void> {
  const places = await readers.run<CosignedPlace[]>('cosigned', { app });
  const common = commonSize(
    places,
    witnesses.map(({ witness_id }) => witness_id),
  );
  const newest = new Map<string, number>();
  for (const { size, witness_id } of places) {
    newest.set(witness_id, Math.max(size, newest.get(witness_id) ?? 0));
  }
  const old = places.filter(
    (one) => one.size !== common && one.size !== newest.get(one.witness_id),
  );
  if (old.length === 0) return;
  await trail.apply(
    app,
    old.map((place) => ({
      op: 'delete',
      table: 'cosignatures',
      where: { app, ...place },
      any: true,
    })),
  );
}
