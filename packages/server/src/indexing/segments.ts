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

/** Where a term occurs in these segments; those without it are left out. */
export async function positionsIn(
  db: Kysely<Tables>,
  app: number,
  segments: readonly Segment[],
  term: Term,
): Promise<Map<Segment, Positions>> {
  const found = new Map<Segment, Positions>();
  for await (const { segment, positions } of occurrencesIn(db, app, segments, [term])) {
    found.set(segment, positions);
  }
  return found;
}

export interface Occurrence {
  /** Of the term among those asked for. */
  readonly index: number;
  readonly segment: Segment;
  readonly positions: Positions;
}

/** Pages that are held at once. */
const PAGES_PER_QUERY = 256;

/**
 * Where each of some terms occurs in these segments. One query for many of them: each would take
 * longer than what it finds.
 */
export async function* occurrencesIn(
  db: Kysely<Tables>,
  app: number,
  segments: readonly Segment[],
  terms: readonly Term[],
): AsyncGenerator<Occurrence> {
  if (segments.length === 0) return;
  for (let at = 0; at < terms.length;) {
    const most = Math.min(terms.length - at, Math.max(1, PAGES_PER_QUERY / segments.length));
    // A power of two: statements of few lengths.
    const some = terms.slice(at, at + 2 ** Math.floor(Math.log2(most)));
    const pages = await pagesOf(db, app, segments, some);
    for (const [i, term] of some.entries()) {
      for (const segment of segments) {
        const page = pages.get(term)?.get(segment.segment);
        const positions = page ? findInPage(page, term) : null;
        if (positions) yield { index: at + i, segment, positions };
      }
    }
    at += some.length;
  }
}

/** The page of each segment that would hold each term. */
async function pagesOf(
  db: Kysely<Tables>,
  app: number,
  segments: readonly Segment[],
  terms: readonly Term[],
): Promise<Map<Term, Map<number, Uint8Array>>> {
  const { rows } = await sql<{ segment: number; term: Term; page: Uint8Array | null }>`
    WITH asked (segment) AS (VALUES ${sql.join(idsOf(segments))}),
      sought (term) AS (VALUES ${sql.join(terms.map((term) => sql`(CAST(${term} AS bigint))`))})
    SELECT segment, term, (
      SELECT page FROM postings
      WHERE app = ${app} AND postings.segment = asked.segment AND first_term <= sought.term
      ORDER BY first_term DESC LIMIT 1
    ) AS page FROM asked, sought`.execute(db);
  const pages = new Map<Term, Map<number, Uint8Array>>(terms.map((term) => [term, new Map()]));
  for (const { segment, term, page } of rows) {
    if (page) pages.get(Number(term))?.set(Number(segment), page);
  }
  return pages;
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
