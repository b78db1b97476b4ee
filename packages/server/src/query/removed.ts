import { WHOLE } from '../retain/removal.ts';
import type { Span } from '../indexing/segments.ts';
import type { Search } from './find.ts';

const ROWS_PER_STEP = 1000;

/** Calls back with each stretch of a span whose entries were swept or erased, once, in order. */
export async function visitRemoved(
  { db, app, deadline }: Search,
  span: Span,
  visit: (removed: Span) => void,
): Promise<void> {
  for (let after = -1, seen = span.first; ;) {
    deadline.check();
    const rows = await db
      .selectFrom('removals')
      .select(({ fn }) => ['first_seq', fn.max('end_seq').as('end_seq')])
      .where('app', '=', app)
      .where('first_seq', '>', after)
      .where('first_seq', '<', span.end)
      .where('end_seq', '>', span.first)
      .where('part', 'in', [WHOLE, 'envelope'])
      .groupBy('first_seq')
      .orderBy('first_seq')
      .limit(ROWS_PER_STEP)
      .execute();
    for (const row of rows) {
      const first = Math.max(Number(row.first_seq), seen);
      const end = Math.min(Number(row.end_seq), span.end);
      if (end > first) visit({ first, end });
      seen = Math.max(seen, end);
    }
    if (rows.length < ROWS_PER_STEP) return;
    after = Number(rows.at(-1)?.first_seq);
  }
}
