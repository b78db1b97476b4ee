import { AffidavitError } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Span } from '../indexing/segments.ts';
import type { Tables } from '../store/tables.ts';

/**
 * For each time the position of the first entry of a span at or after it, or the end of the span:
 * `created_at` never decreases. All are found by halving, together: one query for each step.
 */
export async function positionsAt(
  db: Kysely<Tables>,
  app: number,
  span: Span,
  times: readonly number[],
): Promise<number[]> {
  const low = times.map(() => span.first);
  const high = times.map(() => span.end);
  const middleOf = (i: number) => Math.floor(((low[i] as number) + (high[i] as number)) / 2);
  for (;;) {
    const open = [...times.keys()].filter((i) => (low[i] as number) < (high[i] as number));
    if (open.length === 0) return low;
    const known = await timesOf(db, app, [...new Set(open.map(middleOf))]);
    for (const i of open) {
      const middle = middleOf(i);
      if ((known.get(middle) as number) < (times[i] as number)) low[i] = middle + 1;
      else high[i] = middle;
    }
  }
}

/** When these entries were sequenced, by position. */
export async function timesOf(
  db: Kysely<Tables>,
  app: number,
  seqs: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('entries')
    .select(['seq', 'created_at'])
    .where('app', '=', app)
    .where('seq', 'in', seqs)
    .execute();
  if (rows.length === seqs.length) {
    return new Map(rows.map(({ seq, created_at }) => [Number(seq), Number(created_at)]));
  }
  throw new AffidavitError('internal', 'the ledger lacks an entry');
}
