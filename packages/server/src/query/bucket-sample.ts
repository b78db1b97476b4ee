import type { FieldName } from '@affidavit/schema';

import type { Span } from '../indexing/segments.ts';
import type { BucketCounts } from './bucket-counts.ts';
import type { Search } from './find.ts';
import { countCandidates, readSome, type SampleSize } from './sample.ts';

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
  const total = await countCandidates(search, span, (seq) => possible.addOne(seq));
  const read = counts.alike();
  const found = total > readMax ? counts.alike() : counts;
  const size = { candidates: total, read: 0 };
  for await (const { seqs, records } of readSome(search, span, { candidates: total, readMax })) {
    size.read += seqs.length;
    for (const seq of seqs) read.addOne(seq);
    for (const { seq, envelope } of records) {
      found.addOne(seq);
      if (by !== null && envelope[by] !== undefined) found.addOne(seq, String(envelope[by]));
    }
  }
  if (found === counts) return null;
  estimate(counts, { possible, read, found });
  return size;
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
