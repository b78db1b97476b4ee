import type { Kysely } from 'kysely';

import type { ErasuresTable, Tables } from '../store/tables.ts';

export interface ErasureList {
  readonly app: number;
  /** Only behind this id. */
  readonly after: string;
  /** Only of this principal. */
  readonly digest?: string;
  readonly limit: number;
}

/** Erasures in the order of their ids: the oldest first. */
export function listErasures(
  db: Kysely<Tables>,
  { app, after, digest, limit }: ErasureList,
): Promise<ErasuresTable[]> {
  return db
    .selectFrom('erasures')
    .selectAll()
    .where('app', '=', app)
    .where('erasure_id', '>', after)
    .$if(digest !== undefined, (all) => all.where('principal_digest', '=', digest as string))
    .orderBy('erasure_id')
    .limit(limit)
    .execute();
}

export interface OpenErasure {
  readonly app: number;
  readonly erasure_id: string;
}

const OPEN_MAX = 100;

/** Erasures that have not ended and that nobody has touched since a time, epoch ms. */
export function openErasures(db: Kysely<Tables>, before: number): Promise<OpenErasure[]> {
  return db
    .selectFrom('erasures')
    .select(['app', 'erasure_id'])
    .where('ended_at', 'is', null)
    .where('touched_at', '<', before)
    .orderBy('erasure_id')
    .limit(OPEN_MAX)
    .execute();
}
