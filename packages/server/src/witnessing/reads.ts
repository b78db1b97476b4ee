import { addSignatures, parseNote } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { readHead } from '../prove/head.ts';
import type { Tables } from '../store/tables.ts';

/** What is known of the witnesses, as reader threads find it. Each function belongs in one snapshot. */

const WITNESSES_MAX = 10_000;

/** A witness, how it stands with it, and the ledger that it is to cosign. */
export interface WitnessView {
  readonly app: number;
  readonly app_id: string;
  readonly witness_id: string;
  readonly name: string;
  readonly url: string;
  readonly vkey: string;
  /** Epoch ms. */
  readonly created_at: number;
  readonly cosigned_size: number | null;
  /** Epoch ms. */
  readonly answered_at: number | null;
  readonly error: string | null;
  /** JSON of a `Conflict`, until the witness agrees again. */
  readonly conflict: string | null;
  /** Entries of the ledger now. */
  readonly size: number;
}

/** The witnesses of one app, or of all, in the order in which they were added. */
export function readWitnesses(db: Kysely<Tables>, app?: number): Promise<WitnessView[]> {
  const query = db
    .selectFrom('witnesses as w')
    .innerJoin('witness_states as s', (join) =>
      join.onRef('s.app', '=', 'w.app').onRef('s.witness_id', '=', 'w.witness_id'),
    )
    .innerJoin('heads as h', 'h.app', 'w.app')
    .innerJoin('apps as a', 'a.app', 'w.app')
    .select(['w.app', 'a.app_id', 'w.witness_id', 'w.name', 'w.url', 'w.vkey', 'w.created_at'])
    .select(['s.cosigned_size', 's.answered_at', 's.error', 's.conflict', 'h.size'])
    .orderBy('w.app')
    .orderBy('w.witness_id')
    .limit(WITNESSES_MAX);
  return (app === undefined ? query : query.where('w.app', '=', app)).execute();
}

/** A cosignature by its place. */
export interface CosignedPlace {
  readonly size: number;
  readonly witness_id: string;
}

export function readCosigned(db: Kysely<Tables>, app: number): Promise<CosignedPlace[]> {
  return db
    .selectFrom('cosignatures')
    .select(['size', 'witness_id'])
    .where('app', '=', app)
    .execute();
}

/** The largest size that each of these witnesses has cosigned, or null. */
export function commonSize(
  places: readonly CosignedPlace[],
  witnessIds: readonly string[],
): number | null {
  const sizes = new Set(places.map(({ size }) => size));
  const all = [...sizes].filter((size) =>
    witnessIds.every((id) => places.some((one) => one.size === size && one.witness_id === id)),
  );
  return witnessIds.length === 0 || all.length === 0 ? null : Math.max(...all);
}

/**
 * The newest checkpoint, with the cosignatures that there are for it; or, `witnessed`, the newest
 * one that has those of all witnesses. Throws `not_found` where there is none.
 */
export async function readServedCheckpoint(
  db: Kysely<Tables>,
  app: number,
  witnessed: boolean,
): Promise<string> {
  const { size, checkpoint } = await readHead(db, app);
  if (!witnessed) return cosigned(db, app, { size, checkpoint });
  const witnesses = await readWitnesses(db, app);
  const ids = witnesses.map(({ witness_id }) => witness_id);
  const common = commonSize(await readCosigned(db, app), ids);
  if (common === null) throw unwitnessed(ids.length);
  const note = await db
    .selectFrom('cosignatures')
    .select('checkpoint')
    .where('app', '=', app)
    .where('size', '=', common)
    .orderBy('witness_id')
    .limit(1)
    .executeTakeFirstOrThrow();
  return cosigned(db, app, { size: common, checkpoint: note.checkpoint });
}

/** A checkpoint with the cosignatures of exactly its text: a wrong one would spoil it for readers. */
async function cosigned(
  db: Kysely<Tables>,
  app: number,
  { size, checkpoint }: { readonly size: number; readonly checkpoint: string },
): Promise<string> {
  const rows = await db
    .selectFrom('cosignatures')
    .select(['checkpoint', 'line'])
    .where('app', '=', app)
    .where('size', '=', size)
    .orderBy('witness_id')
    .execute();
  const { text } = parseNote(checkpoint);
  const own = rows.filter((row) => parseNote(row.checkpoint).text === text);
  return addSignatures(checkpoint, own.map(({ line }) => line).join(''));
}

function unwitnessed(witnesses: number): AffidavitError {
  return witnesses === 0
    ? new AffidavitError('not_found', 'this ledger has no witness', {
        advice: 'Add one with POST /v1/witnesses, or leave witnessed out.',
      })
    : new AffidavitError('not_found', 'no checkpoint has the cosignatures of all witnesses yet', {
        advice: 'See witnesses in GET /v1/ledger, or leave witnessed out.',
      });
}
