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

/**
 * Where a term occurs in these segments; those without it are left out. One query for all of them:
 * each would take longer than what it finds.
 */
export async function positionsIn(
  db: Kysely<Tables>,
  app: number,
  segments: readonly Segment[],
  term: Term,
): Promise<Map<Segment, Positions>> {
  if (segments.length === 0) return new Map();
  const { rows } = await sql<{ segment: number; page: Uint8Array | null }>`
    WITH asked (segment) AS (VALUES ${sql.join(idsOf(segments))})
    SELECT segment, (
      SELECT page FROM postings
      WHERE app = ${app} AND postings.segment = asked.segment AND first_term <= ${term}
      ORDER BY first_term DESC LIMIT 1
    ) AS page FROM asked`.execute(db);
  const pages = new Map(rows.map(({ segment, page }) => [Number(segment), page]));
  const found = new Map<Segment, Positions>();
  for (const one of segments) {
    const page = pages.get(one.segment);
    const positions = page ? findInPage(page, term) : null;
    if (positions) found.set(one, positions);
  }
  return found;
}

/** As rows of VALUES, the last one repeated up to a power of two: statements of few lengths. */
function idsOf(segments: readonly Segment[]) {
  const length = 2 ** Math.ceil(Math.log2(segments.length));
  const last = segments.length - 1;
  return Array.from({ length }, (_, i) => {
    const { segment } = segments[Math.min(i, last)] as Segment;
    return sql`(CAST(${segment} AS bigint))`;
  });
}

/** What is in both. */
export function overlap(one: Span, other: Span): Span {
  return { first: Math.max(one.first, other.first), end: Math.min(one.end, other.end) };
}
