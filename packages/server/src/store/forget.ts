import type { Kysely } from 'kysely';

import type { Tables } from './tables.ts';

const ROWS_PER_STEP = 500;

/**
 * Forgets the oldest answers that were kept for repeats (`Idempotency-Key`) before a time, epoch
 * ms, a bounded number at once. Returns whether there may be more.
 */
export async function forgetAnswers(db: Kysely<Tables>, before: number): Promise<boolean> {
  const rows = await db
    .selectFrom('idempotency')
    .select(['app', 'key_id', 'idempotency_key'])
    .where('created_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom('idempotency')
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}
