import { sql, type Kysely } from 'kysely';

import type { Tables } from '../store/tables.ts';
import { findInPage, type Positions } from './postings.ts';
import type { Term } from './terms.ts';

/** Entries [first, end) of one log. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

export interface Segment extends Span {
  readonly segment: number;
}

/** The indexed segments that a span touches, oldest first. */
export async function segmentsIn(db: Kysely<Tables>, app: number, span: Span): Promise<Segment[]> {
  const rows = await db
    .selectFrom('segments')
    .select(['segment', 'first_seq', 'end_seq'])
    .where('app', '=', app)
    .where('ready', '=', 1)
    .where('end_seq', '>', span.first)
    .where('first_seq', '<', span.end)
    .orderBy('first_seq')
    .execute();
  return rows.map((row) => ({
    segment: Number(row.segment),
    first: Number(row.first_seq),
    end: Number(row.end_seq),
  }));
}

/** Where a term occurs in a segment, or null. */
export async function readPositions(
  db: Kysely<Tables>,
  app: number,
  segment: number,
  term: Term,
): Promise<Positions | null> {
  const { rows } = await sql<{ page: Uint8Array }>`
    SELECT page FROM postings
    WHERE app = ${app} AND segment = ${segment} AND first_term <= ${term}
    ORDER BY first_term DESC LIMIT 1`.execute(db);
  const page = rows[0]?.page;
  return page ? findInPage(page, term) : null;
}

/** What is in both. */
export function overlap(one: Span, other: Span): Span {
  return { first: Math.max(one.first, other.first), end: Math.min(one.end, other.end) };
}
