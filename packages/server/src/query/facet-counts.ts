import type { FieldName } from '@affidavit/schema';

import type { Findable } from '../indexing/terms.ts';

export interface FacetCount {
  readonly value: string;
  readonly count: number;
}

/** How often the values of some fields occur. */
export class FacetCounts {
  readonly #counts: ReadonlyMap<FieldName, Map<string, number>>;

  constructor(fields: readonly FieldName[]) {
    this.#counts = new Map(fields.map((field) => [field, new Map()]));
  }

  add(field: FieldName, value: string, count: number): void {
    const counts = this.#counts.get(field);
    if (counts && count > 0) counts.set(value, (counts.get(value) ?? 0) + count);
  }

  addRecord(record: Findable): void {
    for (const field of this.#counts.keys()) {
      const value = record[field];
      if (value !== undefined) this.add(field, String(value), 1);
    }
  }

  /** The most frequent values of each field, each taken so many times. */
  top(limit: number, times = 1): Record<string, FacetCount[]> {
    const fields = [...this.#counts].map(([field, counts]) => {
      const values = [...counts]
        .map(([value, count]) => ({ value, count: Math.round(count * times) }))
        .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
      return [field, values.slice(0, limit)] as const;
    });
    return Object.fromEntries(fields);
  }
}
