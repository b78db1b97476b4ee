import type { AuditRecord } from '@affidavit/schema';

import { featuresOf, measureOf, type Dimension, type Measure } from './features.ts';

const FEATURES_MAX = 2000;
const EVENTS_PER_FEATURE = 20;

export interface Feature {
  readonly dimension: Dimension;
  readonly value: string;
  /** The first entries that have it. */
  readonly event_ids: string[];
}

/** What one run did, gathered entry by entry. */
export class RunProfile {
  readonly features = new Map<string, Feature>();
  readonly measures: Record<Measure, number> = { calls: 0, refused: 0 };

  add(record: AuditRecord): void {
    const measure = measureOf(record);
    if (measure !== undefined) this.measures[measure]++;
    for (const [dimension, value] of featuresOf(record)) {
      const key = `${dimension}\0${value}`;
      const known = this.features.get(key);
      if (!known && this.features.size >= FEATURES_MAX) continue;
      const feature = known ?? { dimension, value, event_ids: [] };
      if (feature.event_ids.length < EVENTS_PER_FEATURE) feature.event_ids.push(record.event_id);
      this.features.set(key, feature);
    }
  }
}
