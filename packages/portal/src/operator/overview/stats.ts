import { INTERVALS_MS, type Interval, type Period } from '../range/range.ts';

/** Figures of `GET /v1/stats`, as pages use them. */

export interface Figures {
  readonly count: number;
  readonly failure_rate: number;
  readonly block_rate: number;
  readonly replay_rate: number;
  readonly unknown_rate: number;
  readonly dry_run_rate: number;
  readonly duration_ms: { readonly p50: number; readonly p95: number } | null;
}

export interface Group extends Figures {
  /** When its step of time began. */
  readonly at?: string;
  readonly agent?: string | null;
  readonly provider?: string | null;
  readonly verb?: string | null;
}

export interface Stats {
  readonly total: Figures;
  readonly groups: readonly Group[];
  readonly complete: boolean;
  readonly from: string | null;
  readonly to: string | null;
}

/** Outcomes behind the rates, as filters. */
export const FAILED: readonly string[] = ['provider_error', 'network_error', 'error'];
export const REFUSED: readonly string[] = ['policy_denied', 'blocked'];

const STEPS_MAX = 1000;

export interface Series {
  /** Where each step begins, epoch ms. */
  readonly at: readonly number[];
  readonly points: readonly (Group | null)[];
}

/**
 * Every step of a period, also those in which nothing was. Where not all was counted it begins with
 * what was: nothing is drawn as none that is only not known.
 */
export function seriesOf(
  { groups, complete, from, to }: Stats,
  period: Period,
  interval: Interval,
  now: number,
): Series {
  const length = INTERVALS_MS[interval];
  const known = new Map(groups.map((group) => [Date.parse(group.at ?? ''), group]));
  const begins = complete ? (period.from ?? from) : from;
  const ends = period.to ?? (period.from === undefined ? to : null);
  const first = begins === null || begins === undefined ? now : Date.parse(begins);
  const last = ends === null ? now : Date.parse(ends) - (period.to === undefined ? 0 : 1);
  const start = Math.max(first, last - (STEPS_MAX - 1) * length);
  const at: number[] = [];
  for (let step = Math.floor(start / length) * length; step <= last; step += length) at.push(step);
  return { at, points: at.map((step) => known.get(step) ?? null) };
}

/** The period of some steps of a series. */
export function periodOfSteps(
  at: readonly number[],
  first: number,
  last: number,
  interval: Interval,
) {
  const end = (at[last] ?? 0) + INTERVALS_MS[interval];
  return { from: new Date(at[first] ?? 0).toISOString(), to: new Date(end).toISOString() };
}
