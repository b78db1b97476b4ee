import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import type { Page } from './postings.ts';

/** One step of the index: derived rows, written apart from the ledger and always re-creatable. */
export type IndexWrite =
  | {
      readonly step: 'pages';
      readonly app: number;
      readonly segment: number;
      readonly pages: readonly Page[];
    }
  | {
      /** Makes a segment visible in place of those it was merged from. */
      readonly step: 'publish';
      readonly app: number;
      readonly segment: number;
      readonly first_seq: number;
      readonly end_seq: number;
      readonly replaces: readonly number[];
      readonly facets: readonly { readonly field: string; readonly value: string }[];
    }
  | { readonly step: 'discard'; readonly app: number; readonly segment: number };

const FACETS_PER_STATEMENT = 1000;

export async function writeIndexPages(db: Kysely<Tables>, write: IndexWrite): Promise<void> {
  const { app, segment } = write;
  if (write.step === 'pages') {
    const rows = write.pages.map(({ first_term, page }) => ({ app, segment, first_term, page }));
    if (rows.length === 0) return;
    await db
      .insertInto('postings')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['app', 'segment', 'first_term'])
          .doUpdateSet((eb) => ({ page: eb.ref('excluded.page') })),
      )
      .execute();
    return;
  }
  if (write.step === 'discard') {
    await db.deleteFrom('postings').where('app', '=', app).where('segment', '=', segment).execute();
    return;
  }
  await publish(db, write);
}

async function publish(
  db: Kysely<Tables>,
  write: Extract<IndexWrite, { step: 'publish' }>,
): Promise<void> {
  const { app, segment, first_seq, end_seq, replaces, facets } = write;
  if (replaces.length > 0) {
    await db
      .deleteFrom('segments')
      .where('app', '=', app)
      .where('segment', 'in', replaces)
      .execute();
  }
  await db
    .insertInto('segments')
    .values({ app, segment, first_seq, end_seq, ready: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (let at = 0; at < facets.length; at += FACETS_PER_STATEMENT) {
    const some = facets.slice(at, at + FACETS_PER_STATEMENT);
    await db
      .insertInto('facet_values')
      .values(some.map(({ field, value }) => ({ app, field, value })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
