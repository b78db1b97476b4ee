import { Bits } from '../indexing/postings.ts';
import { occurrencesIn, type Segment } from '../indexing/segments.ts';
import type { Term } from '../indexing/terms.ts';
import type { Search } from './find.ts';

type Log = Pick<Search, 'db' | 'app'>;

/**
 * The positions at which every conjunct occurs, by segment; segments without any are left out. A
 * conjunct occurs where one of its terms does. There must be one.
 */
export async function bitsIn(
  log: Log,
  conjuncts: readonly (readonly Term[])[],
  segments: readonly Segment[],
): Promise<Map<Segment, Bits>> {
  let all: Map<Segment, Bits> | null = null;
  for (const terms of conjuncts) {
    const found = await anyOf(log, terms, all === null ? segments : [...all.keys()]);
    if (all !== null) {
      for (const [segment, bits] of found) {
        if (!bits.intersect(all.get(segment) as Bits)) found.delete(segment);
      }
    }
    all = found;
    if (all.size === 0) break;
  }
  return all ?? new Map();
}

/** The positions at which any of the terms occurs, by segment. */
async function anyOf(
  { db, app }: Log,
  terms: readonly Term[],
  segments: readonly Segment[],
): Promise<Map<Segment, Bits>> {
  const found = new Map<Segment, Bits>();
  for await (const { segment, positions } of occurrencesIn(db, app, segments, terms)) {
    const bits = found.get(segment) ?? new Bits(segment.end - segment.first);
    positions.addTo(bits);
    found.set(segment, bits);
  }
  return found;
}
