import type { FieldName } from '@affidavit/schema';

import type { Span } from '../indexing/segments.ts';
import { BucketCounts } from './bucket-counts.ts';
import { candidates, type Search } from './find.ts';
import { matches } from './match.ts';
import { readRecords } from './records.ts';

/**
 * Free text must be read to be counted. Where more may match than can be read in a moment, some of
 * it is, spread evenly, and the rest is estimated from that.
 */

const RECORDS_PER_STEP = 500;

export interface SampleSize {
  /** Entries that may match. */
  readonly candidates: number;
  /** How many of them were read. */
  readonly read: number;
}

export interface Sampling {
  readonly span: Span;
  readonly by: FieldName | null;
  /** Entries that are read at most. */
  readonly readMax: number;
}

/** Fills the counts; null where everything that may match was read. */
export async function countSample(
  search: Search,
  { span, by, readMax }: Sampling,
  counts: BucketCounts,
): Promise<SampleSize | null> {
  const possible = counts.alike();
  let total = 0;
  for await (const seqs of candidates(search, span)) {
    search.deadline.check();
    total += seqs.length;
    for (const seq of seqs) possible.addOne(seq);
  }
  const read = counts.alike();
  const found = total > readMax ? counts.alike() : counts;
  const size = { candidates: total, read: 0 };
  for await (const seqs of picked(search, span, Math.ceil(total / readMax))) {
    size.read += seqs.length;
    for (const seq of seqs) read.addOne(seq);
    for (const { seq, envelope } of await readRecords(search.db, search.app, seqs, 'asc')) {
      if (!matches(envelope, search.filter)) continue;
      found.addOne(seq);
      if (by !== null && envelope[by] !== undefined) found.addOne(seq, String(envelope[by]));
    }
  }
  if (found === counts) return null;
  estimate(counts, { possible, read, found });
  return size;
}

/** One of every so many candidates: any of them, so that what comes in turns is not taken for all. */
async function* picked(search: Search, span: Span, stride: number): AsyncGenerator<number[]> {
  let index = 0;
  let some: number[] = [];
  for await (const seqs of candidates(search, span)) {
    for (const seq of seqs) {
      const turn = Math.floor(index / stride);
      if (index++ % stride !== (Math.imul(turn, 0x9e3779b1) >>> 7) % stride) continue;
      if (some.push(seq) < RECORDS_PER_STEP) continue;
      search.deadline.check();
      yield some;
      some = [];
    }
  }
  yield some;
}

interface Sample {
  readonly possible: BucketCounts;
  readonly read: BucketCounts;
  readonly found: BucketCounts;
}

/** Of each bucket as much as of its sample; of one without a sample, as much as of all. */
function estimate(counts: BucketCounts, { possible, read, found }: Sample): void {
  const sum = (some: BucketCounts) => some.all.reduce((a, b) => a + b, 0);
  const share = sum(found) / Math.max(1, sum(read));
  for (const [bucket, candidates] of possible.all.entries()) {
    const here = read.all[bucket] as number;
    const times = candidates / here;
    counts.all[bucket] = Math.round(
      here === 0 ? candidates * share : (found.all[bucket] as number) * times,
    );
    if (here === 0) continue;
    for (const [value, some] of Object.entries(found.valuesIn(bucket))) {
      counts.set(bucket, value, Math.round(some * times));
    }
  }
}
