import type { Span } from '../indexing/segments.ts';

/** Counts in buckets that lie side by side: in all, and by value where values are told apart. */
export class BucketCounts {
  /** Where each bucket begins, and where the last one ends, as positions. */
  readonly #edges: readonly number[];
  readonly all: number[];
  readonly #byValue = new Map<string, number[]>();

  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.all = this.#none();
  }

  /** Adds what `countOf` says of each bucket's share of a span; of a value, or in all. */
  add(span: Span, countOf: (share: Span) => number, value?: string): void {
    const counts = value === undefined ? this.all : this.#countsOf(value);
    for (let bucket = this.#bucketOf(span.first); bucket < counts.length; bucket++) {
      const first = Math.max(span.first, this.#edges[bucket] as number);
      if (first >= span.end) return;
      const end = Math.min(span.end, this.#edges[bucket + 1] as number);
      if (end > first) counts[bucket]! += countOf({ first, end });
    }
  }

  addOne(seq: number, value?: string): void {
    this.add({ first: seq, end: seq + 1 }, () => 1, value);
  }

  set(bucket: number, value: string, count: number): void {
    this.#countsOf(value)[bucket] = count;
  }

  /** Counts in the same buckets, from 0. */
  alike(): BucketCounts {
    return new BucketCounts(this.#edges);
  }

  /** The counts of one bucket by value, without those that are 0. */
  valuesIn(bucket: number): Record<string, number> {
    const some = [...this.#byValue].map(([value, counts]) => [value, counts[bucket] ?? 0] as const);
    return Object.fromEntries(some.filter(([, count]) => count > 0));
  }

  #countsOf(value: string): number[] {
    const counts = this.#byValue.get(value) ?? this.#none();
    this.#byValue.set(value, counts);
    return counts;
  }

  #none(): number[] {
    return Array.from({ length: Math.max(0, this.#edges.length - 1) }, () => 0);
  }

  /** The first bucket that ends behind a position. */
  #bucketOf(position: number): number {
    let low = 0;
    let high = this.#edges.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#edges[middle + 1] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
