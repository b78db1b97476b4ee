import type { Span } from '../indexing/segments.ts';
import { candidates, type Search } from './find.ts';
import { matches } from './match.ts';
import { readRecords, type StoredRecord } from './records.ts';

/**
 * Free text must be read to be counted. Where more may match than can be read in a moment, some of
 * it is, spread evenly, and the rest is estimated from that.
 */

/** Entries that are read at most. */
export const READ_MAX = 3000;
const RECORDS_PER_STEP = 500;

export interface SampleSize {
  /** Entries that may match. */
  readonly candidates: number;
  /** How many of them were read. */
  readonly read: number;
}

export interface Read {
  readonly seqs: readonly number[];
  /** Of those the ones that match. */
  readonly records: readonly StoredRecord[];
}

/** How many entries may match; each is shown to the visitor. */
export async function countCandidates(
  search: Search,
  span: Span,
  visit: (seq: number) => void = () => undefined,
): Promise<number> {
  let count = 0;
  for await (const seqs of candidates(search, span)) {
    search.deadline.check();
    count += seqs.length;
    seqs.forEach(visit);
  }
  return count;
}

/** Reads so many of the candidates that there are, in steps; all, where there are no more. */
export async function* readSome(
  search: Search,
  span: Span,
  { candidates: total, readMax }: { readonly candidates: number; readonly readMax: number },
): AsyncGenerator<Read> {
  for await (const seqs of pick(search, span, Math.max(1, Math.ceil(total / readMax)))) {
    search.deadline.check();
    const found = await readRecords(search.db, search.app, seqs, 'asc');
    yield { seqs, records: found.filter(({ envelope }) => matches(envelope, search.filter)) };
  }
}

/** One of every so many candidates: any of them, so that what comes in turns is not taken for all. */
async function* pick(search: Search, span: Span, stride: number): AsyncGenerator<number[]> {
  let index = 0;
  let some: number[] = [];
  for await (const seqs of candidates(search, span)) {
    for (const seq of seqs) {
      const turn = Math.floor(index / stride);
      if (index++ % stride !== (Math.imul(turn, 0x9e3779b1) >>> 7) % stride) continue;
      if (some.push(seq) < RECORDS_PER_STEP) continue;
      yield some;
      some = [];
    }
  }
  yield some;
}
