import { SEGMENT_ENTRIES_MAX } from '../indexing/postings.ts';
import type { SegmentsTable } from '../store/tables.ts';
import { FacetCheck } from './facet-check.ts';
import { SegmentCheck } from './segment-check.ts';
import { readable, type LogSource } from './source.ts';

/** Something that is not as it should be beside the ledger, in words; with a place if it has one. */
export type Tell = (seq: number | null, what: string) => void;

export interface IndexCheckOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { checked: number; total: number }) => void;
  readonly tell: Tell;
}

type Segment = Pick<SegmentsTable, 'segment' | 'first_seq' | 'end_seq'>;

/**
 * Makes the index of a log again from its records, segment by segment, and compares: what it lacks
 * would not be found by a filter, what it has too much would only cost time. Records that were
 * removed are not missed. `size` is only to show how far it is.
 */
export async function checkIndex(
  source: LogSource,
  size: number,
  { signal, onProgress, tell }: IndexCheckOptions,
): Promise<void> {
  const facets = new FacetCheck(tell);
  for (let at = 0; ;) {
    signal?.throwIfAborted();
    onProgress?.({ checked: at, total: size });
    const found = await checkNext(source, { at, facets, tell });
    if (found === null) return tell(at, 'the index cannot be read from here');
    if (found === 'end') return facets.conclude();
    at = found;
  }
}

interface Place {
  /** Up to where the segments were checked. */
  readonly at: number;
  readonly facets: FacetCheck;
  readonly tell: Tell;
}

/** The next segment, in one snapshot: a merge may put another in its place at any time. */
function checkNext(source: LogSource, place: Place): Promise<number | 'end' | null> {
  return readable(() =>
    source.db.transaction().execute(async (db) => {
      const segment = await db
        .selectFrom('segments')
        .select(['segment', 'first_seq', 'end_seq'])
        .where('app', '=', source.app)
        .where('ready', '=', 1)
        .where('end_seq', '>', place.at)
        .orderBy('first_seq')
        .limit(1)
        .executeTakeFirst();
      if (segment === undefined) return 'end';
      // What was appended since the ledger was checked may be indexed too.
      const head = await db
        .selectFrom('heads')
        .select('size')
        .where('app', '=', source.app)
        .executeTakeFirst();
      if (isWhere(segment, { ...place, size: head?.size ?? 0 })) {
        const { facets, tell } = place;
        await new SegmentCheck({ ...source, db }, segment, { facets, tell }).run();
      }
      return segment.end_seq;
    }),
  );
}

/** Segments follow each other from the first entry on, and end before the log does. */
function isWhere(
  { first_seq, end_seq }: Segment,
  { at, size, tell }: Place & { readonly size: number },
): boolean {
  if (first_seq > at) tell(at, `the index has nothing of entries ${at} to ${first_seq - 1}`);
  if (first_seq < at) tell(first_seq, `the index has entries ${first_seq} to ${at - 1} twice`);
  const isSound = first_seq >= 0 && end_seq <= size && end_seq - first_seq <= SEGMENT_ENTRIES_MAX;
  if (!isSound) tell(first_seq, 'a segment of the index is none of this log');
  return isSound;
}
