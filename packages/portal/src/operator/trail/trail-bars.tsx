import { useEffect, useMemo } from 'react';

import { useGet } from '../../shared/api/queries.ts';
import { TimeBars } from '../../shared/charts/time-bars.tsx';
import { count, plural } from '../../shared/format/number.ts';
import { useIsNarrow } from '../../shared/ui/use-media.ts';
import { one } from '../search.ts';
import { barsOf, STACKS, totalIn, type Histogram } from './histogram.ts';
import type { Question } from './use-question.ts';

const BUCKETS = 90;
const NARROW_BUCKETS = 40;
/** So often the bars are counted anew while one follows what comes. */
const LIVE_MS = 10_000;

interface TrailBarsProps extends Question {
  /** The rows come first. */
  readonly mayCount: boolean;
}

/** How many entries there are over time, and how they ended; a range drawn on it becomes the range of the page. */
export function TrailBars({ search, question, turn, change, mayCount }: TrailBarsProps) {
  const buckets = useIsNarrow() ? NARROW_BUCKETS : BUCKETS;
  const asked = { ...question, by: 'outcome', buckets };
  const { data, error, refetch } = useGet<Histogram>('/v1/events/histogram', asked, {
    keep: true,
    enabled: mayCount,
    ...(one(search, 'live') === '1' ? { refetchInterval: LIVE_MS } : {}),
  });
  useEffect(() => {
    if (turn > 0) void refetch();
  }, [turn, refetch]);
  const bars = useMemo(() => (data ? barsOf(data) : []), [data]);
  const select = (from: number, to: number) =>
    change((before) => ({
      ...before,
      range: undefined,
      live: undefined,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    }));
  const total = data ? totalIn(data) : 0;
  return (
    <section aria-label="Entries over time" className="mb-3 min-h-34 max-md:min-h-28">
      {error ? (
        <p className="py-10 text-center text-xs text-ink-3">They could not be counted.</p>
      ) : data ? (
        <>
          <p aria-live="polite" className="sr-only">
            {plural(total, 'entry', 'entries')}
          </p>
          <TimeBars
            label={`${data.exact ? '' : 'About '}${count(total)} entries over time`}
            stacks={STACKS}
            bars={bars}
            onSelect={select}
          />
        </>
      ) : null}
    </section>
  );
}
