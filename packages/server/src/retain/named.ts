import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { readRetention } from './expired.ts';
import { readUntil } from './keeping.ts';

/** What is known of the keeping of an entry that somebody named. */
export interface KeptEntry {
  readonly event_id: string;
  /** Whether any part of it is still there. */
  readonly there: boolean;
  /** Until when it is kept, holds apart, epoch ms; null for ever. */
  readonly until: number | null;
}

/** Those of these entries that were ever recorded, in one snapshot. */
export async function readNamed(
  db: Kysely<Tables>,
  app: number,
  eventIds: readonly string[],
): Promise<KeptEntry[]> {
  const { window_ms } = await readRetention(db, app);
  const until = await readUntil(db, app, eventIds);
  const rows = await db
    .selectFrom('entries')
    .select(['event_id', 'created_at'])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('parts')
            .select('parts.seq')
            .whereRef('parts.app', '=', 'entries.app')
            .whereRef('parts.seq', '=', 'entries.seq'),
        )
        .as('there'),
    )
    .where('app', '=', app)
    .where('event_id', 'in', eventIds)
    .execute();
  return rows.map(({ event_id, created_at, there }) => ({
    event_id,
    there: Boolean(there),
    until:
      window_ms === null
        ? null
        : Math.max(Number(created_at) + window_ms, until.get(event_id) ?? 0),
  }));
}
