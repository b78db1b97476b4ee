import { MEASURES, type Dimension, type Measure } from './features.ts';
import type { RunProfile } from './profile.ts';

/** Whether a run is like the earlier runs of its agent, with what says so. */

export type Verdict = 'consistent' | 'novel' | 'unusual_volume' | 'insufficient_history';

export const THRESHOLDS = {
  /** With fewer earlier runs nothing is called consistent. */
  runs_min: 5,
  /** Earlier runs that are compared, the newest. */
  runs_max: 50,
  /** Entries that are looked at for them. */
  entries_max: 10_000,
  /** What fewer of the earlier runs did is rare. */
  rare_below_runs: 2,
  /** Deviations (MAD × 1.4826) above the median. */
  deviations: 3,
  /** However steady the earlier runs were, so much more is never unusual. */
  volume_floor: 10,
} as const;

const FINDINGS_MAX = 100;
const MAD_TO_SIGMA = 1.4826;

export interface NovelFinding {
  readonly check: 'first_seen' | 'rare';
  readonly dimension: Dimension;
  readonly value: string;
  /** Earlier runs that had it. */
  readonly prior_runs: number;
  readonly event_ids: readonly string[];
}

export interface VolumeFinding {
  readonly check: 'volume';
  readonly measure: Measure;
  readonly value: number;
  readonly median: number;
  readonly mad: number;
  readonly threshold: number;
}

export interface Comparison {
  readonly verdict: Verdict;
  readonly findings: readonly (NovelFinding | VolumeFinding)[];
}

export function compare(run: RunProfile, earlier: readonly RunProfile[]): Comparison {
  if (earlier.length < THRESHOLDS.runs_min)
    return { verdict: 'insufficient_history', findings: [] };
  const novel = novelties(run, earlier);
  const volume = MEASURES.flatMap((measure) => excess(run, earlier, measure) ?? []);
  const found = novel.length > 0 ? 'novel' : volume.length > 0 ? 'unusual_volume' : 'consistent';
  return { verdict: found, findings: [...novel.slice(0, FINDINGS_MAX), ...volume] };
}

/** The rarest first. */
function novelties(run: RunProfile, earlier: readonly RunProfile[]): NovelFinding[] {
  const found: NovelFinding[] = [];
  for (const [key, { dimension, value, event_ids }] of run.features) {
    const prior_runs = earlier.filter(({ features }) => features.has(key)).length;
    if (prior_runs >= THRESHOLDS.rare_below_runs) continue;
    const check = prior_runs === 0 ? 'first_seen' : 'rare';
    found.push({ check, dimension, value, prior_runs, event_ids });
  }
  return found.sort((a, b) => a.prior_runs - b.prior_runs);
}

function excess(
  run: RunProfile,
  earlier: readonly RunProfile[],
  measure: Measure,
): VolumeFinding | undefined {
  const values = earlier.map(({ measures }) => measures[measure]);
  const median = medianOf(values);
  const mad = medianOf(values.map((value) => Math.abs(value - median)));
  const { deviations, volume_floor } = THRESHOLDS;
  const threshold = median + Math.max(deviations * MAD_TO_SIGMA * mad, volume_floor);
  const value = run.measures[measure];
  return value > threshold
    ? { check: 'volume', measure, value, median, mad, threshold }
    : undefined;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? ((sorted[middle - 1] as number) + high) / 2 : high;
}
