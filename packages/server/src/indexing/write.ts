import type { Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import type { FacetValue } from './facet-list.ts';
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
      readonly facets: readonly FacetValue[];
    }
  | { readonly step: 'discard'; readonly app: number; readonly segment: number }
  | {
      /** Pages without what was removed; those that nothing is left of go. */
      readonly step: 'rewrite';
      readonly app: number;
      readonly segment: number;
      readonly pages: readonly Page[];
      readonly emptied: readonly number[];
    }
  | {
      /** The index has forgotten the entries of these removals. */
      readonly step: 'forgotten';
      readonly app: number;
      readonly event_ids: readonly string[];
      readonly first: number;
      readonly last: number;
    }
  | { readonly step: 'unlist'; readonly app: number; readonly facets: readonly FacetValue[] };

type Step<S extends IndexWrite['step']> = Extract<IndexWrite, { step: S }>;

const FACETS_PER_STATEMENT = 1000;

export async function writeIndexPages(db: Kysely<Tables>, write: IndexWrite): Promise<void> {
  switch (write.step) {
    case 'pages':
      return putPages(db, write);
    case 'publish':
      return publish(db, write);
    case 'discard':
      await db
        .deleteFrom('postings')
        .where('app', '=', write.app)
        .where('segment', '=', write.segment)
        .execute();
      return;
    case 'rewrite':
      return rewrite(db, write);
    case 'forgotten':
      return markForgotten(db, write);
    case 'unlist':
      return unlist(db, write);
  }
}

type Pages = Pick<Step<'pages'>, 'app' | 'segment' | 'pages'>;

async function putPages(db: Kysely<Tables>, { app, segment, pages }: Pages): Promise<void> {
  if (pages.length === 0) return;
  await db
    .insertInto('postings')
    .values(pages.map(({ first_term, page }) => ({ app, segment, first_term, page })))
    .onConflict((conflict) =>
      conflict
        .columns(['app', 'segment', 'first_term'])
        .doUpdateSet((eb) => ({ page: eb.ref('excluded.page') })),
    )
    .execute();
}

async function rewrite(db: Kysely<Tables>, write: Step<'rewrite'>): Promise<void> {
  await putPages(db, write);
  if (write.emptied.length === 0) return;
  await db
    .deleteFrom('postings')
    .where('app', '=', write.app)
    .where('segment', '=', write.segment)
    .where('first_term', 'in', write.emptied)
    .execute();
}

async function markForgotten(db: Kysely<Tables>, write: Step<'forgotten'>): Promise<void> {
  await db
    .updateTable('removals')
    .set({ index_pending: 0 })
    .where('app', '=', write.app)
    .where('index_pending', '=', 1)
    .where('event_id', 'in', write.event_ids)
    .where('first_seq', '>=', write.first)
    .where('first_seq', '<=', write.last)
    .execute();
}

async function unlist(db: Kysely<Tables>, { app, facets }: Step<'unlist'>): Promise<void> {
  for (const { field, value } of facets) {
    await db
      .deleteFrom('facet_values')
      .where('app', '=', app)
      .where('field', '=', field)
      .where('value', '=', value)
      .execute();
  }
}

async function publish(db: Kysely<Tables>, write: Step<'publish'>): Promise<void> {
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
