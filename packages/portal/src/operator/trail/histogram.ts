import type { TimeBar, Stack } from '../../shared/charts/time-bars.tsx';

/** The answer of `GET /v1/events/histogram`, by outcome. */
export interface Histogram {
  readonly from: string | null;
  readonly to: string | null;
  readonly data: readonly Bucket[];
  readonly exact: boolean;
}

interface Bucket {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly by?: Readonly<Record<string, number>>;
}

interface Ending extends Stack {
  readonly outcomes: readonly string[];
}

/** What is at the bottom comes first. Entries without an outcome announce something or tell of it. */
export const ENDINGS: readonly Ending[] = [
  { name: 'failed', tone: 'failed', outcomes: ['provider_error', 'network_error', 'error'] },
  { name: 'refused', tone: 'refused', outcomes: ['policy_denied', 'blocked'] },
  { name: 'unknown', tone: 'open', outcomes: ['unknown'] },
  { name: 'done', tone: 'good', outcomes: ['success', 'replayed', 'dry_run'] },
];

export const STACKS: readonly Stack[] = [...ENDINGS, { name: 'no outcome', tone: 'neutral' }];

function barOf({ from, to, count, by = {} }: Bucket): TimeBar {
  const ended = ENDINGS.map(({ outcomes }) =>
    outcomes.reduce((sum, outcome) => sum + (by[outcome] ?? 0), 0),
  );
  const others = Math.max(0, count - ended.reduce((sum, one) => sum + one, 0));
  return { from: Date.parse(from), to: Date.parse(to), counts: [...ended, others] };
}

export const barsOf = ({ data }: Histogram): readonly TimeBar[] => data.map(barOf);

export const totalIn = ({ data }: Histogram): number =>
  data.reduce((sum, { count }) => sum + count, 0);
