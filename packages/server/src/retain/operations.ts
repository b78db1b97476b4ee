import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import type { Tables } from '../store/tables.ts';
import { readExpired, type ExpiredRequest } from './expired.ts';
import { readNamed } from './named.ts';

/** What reader threads answer about what may be removed, each in one snapshot. */
export function retainOperations(snapshot: Snapshot) {
  return {
    expired: (request: ExpiredRequest) => snapshot((at) => readExpired(at, request)),
    namedEntries: ({ app, event_ids }: { app: number; event_ids: readonly string[] }) =>
      snapshot((at) => readNamed(at, app, event_ids)),
    newestEntry: () => snapshot(newestEntry),
  };
}

/** When anything was last recorded in any app, epoch ms. */
async function newestEntry(db: Kysely<Tables>): Promise<number | null> {
  const row = await db
    .selectFrom('heads')
    .select((eb) => eb.fn.max('last_created_at').as('newest'))
    .executeTakeFirst();
  return row?.newest ?? null;
}
