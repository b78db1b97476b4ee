import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import { Deadline } from '../query/deadline.ts';
import type { Tables } from '../store/tables.ts';
import { readErasable, type ErasableRequest } from './erasable.ts';
import { listErasures, openErasures, type ErasureList } from './erasure-list.ts';
import { readExpired, type ExpiredRequest } from './expired.ts';
import { readNamed } from './named.ts';
import type { Unfreed } from './space.ts';

/** What reader threads answer about what may be removed, each in one snapshot. */
export function retainOperations(snapshot: Snapshot) {
  return {
    expired: (request: ExpiredRequest) => snapshot((at) => readExpired(at, request)),
    namedEntries: ({ app, event_ids }: { app: number; event_ids: readonly string[] }) =>
      snapshot((at) => readNamed(at, app, event_ids)),
    newestEntry: () => snapshot(newestEntry),
    unfreed: () => snapshot(readUnfreed),
    unforgotten: () => snapshot(hasUnforgotten),
    erasable: ({ deadline, ...request }: ErasableRequest & { deadline: number }) =>
      snapshot((at) => readErasable(at, request, new Deadline(deadline))),
    erasures: (request: ErasureList) => snapshot((at) => listErasures(at, request)),
    openErasures: ({ before }: { before: number }) => snapshot((at) => openErasures(at, before)),
  };
}

/** Apps that have lost something whose space is not given back. */
async function readUnfreed(db: Kysely<Tables>): Promise<Unfreed[]> {
  const rows = await db
    .selectFrom('retention')
    .select(['app', 'unfreed'])
    .where('unfreed', 'is not', null)
    .execute();
  return rows as Unfreed[];
}

/** Whether the index still knows of anything that was removed. */
async function hasUnforgotten(db: Kysely<Tables>): Promise<boolean> {
  const row = await db
    .selectFrom('removals')
    .select('app')
    .where('index_pending', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** When anything was last recorded in any app, epoch ms. */
async function newestEntry(db: Kysely<Tables>): Promise<number | null> {
  const row = await db
    .selectFrom('heads')
    .select((eb) => eb.fn.max('last_created_at').as('newest'))
    .executeTakeFirst();
  return row?.newest ?? null;
}
