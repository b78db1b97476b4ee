import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';

import { TimeLines } from '../../shared/charts/time-lines.tsx';
import type { Line } from '../../shared/charts/draw-lines.ts';
import { useGet } from '../../shared/api/queries.ts';
import { count, share, short } from '../../shared/format/number.ts';
import { duration, shortTime } from '../../shared/format/time.ts';
import { Card } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { usePeriod, useSetPeriod } from '../range/range-picker.tsx';
import { INTERVALS_MS, intervalOf, type Interval, type Period } from '../range/range.ts';
import { KeyFigures } from './key-figures.tsx';
import { periodOfSteps, seriesOf, type Group, type Series, type Stats } from './stats.ts';

const AGAIN_MS = 30_000;

interface OverTimeProps {
  readonly preset: string;
  /** Only what has these values. */
  readonly filter?: Readonly<Record<string, string>>;
}

/** How much was called, how it ended and how long it took, over time. */
export function OverTime({ preset, filter = {} }: OverTimeProps) {
  const period = usePeriod(preset);
  const wide = intervalOf(period);
  const first = useFigures({ ...filter, ...period }, wide);
  // Where not all is counted, what is counted is drawn as finely as its own time is short.
  const { complete = true, from } = first.data ?? {};
  const interval = complete || !from ? wide : intervalOf({ ...period, from });
  const stats = useFigures({ ...filter, ...period }, interval);
  return (
    // As high as what comes: what is below stays where it is.
    <div className="min-h-90">
      <Answer of={stats}>
        {(data) => (
          <Drawn
            stats={data}
            now={stats.dataUpdatedAt}
            period={period}
            interval={interval}
            filter={filter}
          />
        )}
      </Answer>
    </div>
  );
}

const useFigures = (filter: Readonly<Record<string, string>>, interval: Interval) =>
  useGet<Stats>('/v1/stats', { ...filter, interval }, { refetchInterval: AGAIN_MS });

interface DrawnProps {
  /** When the figures were read, epoch ms. */
  readonly now: number;
  readonly stats: Stats;
  readonly period: Period;
  readonly interval: Interval;
  readonly filter: Readonly<Record<string, string>>;
}

function Drawn({ stats, now, period, interval, filter }: DrawnProps) {
  const series = useMemo(
    () => seriesOf(stats, period, interval, now),
    [stats, now, period, interval],
  );
  const { complete, from } = stats;
  return (
    <>
      {complete || from === null ? null : (
        <p className="mb-3 rounded-md bg-sunken px-3 py-2 text-ink-2">
          Figures of the newest {count(stats.total.count)} calls, since {shortTime(from)}. To see
          earlier ones, choose a range that ends before that.
        </p>
      )}
      <KeyFigures stats={stats} series={series} filter={{ ...filter, ...period }} />
      <Charts stats={stats} series={series} interval={interval} filter={filter} />
    </>
  );
}

type ChartsProps = Pick<DrawnProps, 'stats' | 'interval' | 'filter'> & { readonly series: Series };

const rated = (rate: (group: Group) => number) => (point: Group | null) =>
  point === null ? 0 : Math.round(rate(point) * point.count);

function callLines({ points }: Series): readonly Line[] {
  const calls = points.map((point) => point?.count ?? 0);
  const refused = points.map(rated((group) => group.block_rate));
  const failed = points.map(rated((group) => group.failure_rate));
  const ill = failed.map((value, index) => value + (refused[index] as number));
  return [
    { name: 'calls', tone: 'accent', values: calls, bars: calls },
    { name: 'refused', tone: 'refused', values: refused, bars: ill },
    { name: 'failed', tone: 'failed', values: failed, bars: failed },
  ];
}

function latencyLines({ points }: Series): readonly Line[] {
  return [
    { name: 'median', tone: 'accent', values: points.map((p) => p?.duration_ms?.p50 ?? null) },
    {
      name: '95th percentile',
      tone: 'open',
      values: points.map((p) => p?.duration_ms?.p95 ?? null),
    },
  ];
}

function Charts({ stats, series, interval, filter }: ChartsProps) {
  const navigate = useNavigate();
  const setPeriod = useSetPeriod();
  const calls = useMemo(() => callLines(series), [series]);
  const latency = useMemo(() => latencyLines(series), [series]);
  const { at } = series;
  const searchOf = (index: number) => ({ ...filter, ...periodOfSteps(at, index, index, interval) });
  const { count: total, failure_rate, block_rate, duration_ms } = stats.total;
  const common = {
    at,
    step_ms: INTERVALS_MS[interval],
    onPick: (index: number) => void navigate({ to: '/executions', search: searchOf(index) }),
    onBrush: (first: number, last: number) => setPeriod(periodOfSteps(at, first, last, interval)),
  };
  return (
    <div className="mb-6 grid grid-cols-1 gap-3 lg:grid-cols-2">
      <Card className="min-w-0">
        <TimeLines
          {...common}
          name="Calls"
          summary={`${count(total)} calls, ${share(failure_rate)} failed, ${share(block_rate)} refused.`}
          lines={calls}
          format={short}
        />
      </Card>
      <Card className="min-w-0">
        <TimeLines
          {...common}
          name="How long they took"
          summary={
            duration_ms
              ? `Half of them within ${duration(duration_ms.p50)}, 95 of 100 within ${duration(duration_ms.p95)}.`
              : 'None was timed.'
          }
          lines={latency}
          format={duration}
        />
      </Card>
    </div>
  );
}
