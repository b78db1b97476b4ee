import { Link } from '@tanstack/react-router';

import { Sparkline } from '../../shared/charts/sparkline.tsx';
import { count, share, short } from '../../shared/format/number.ts';
import { duration } from '../../shared/format/time.ts';
import type { Search } from '../search.ts';
import { FAILED, REFUSED, type Group, type Series, type Stats } from './stats.ts';

interface KeyFiguresProps {
  readonly stats: Stats;
  readonly series: Series;
  /** Of the executions that the figures count. */
  readonly filter: Search;
}

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly exact: string;
  readonly outcome?: readonly string[];
  readonly of: (group: Group) => number;
}

function figuresOf({ total }: Stats): readonly Figure[] {
  const rate = (
    name: string,
    of: (group: Group) => number,
    value: number,
    outcome: readonly string[],
  ) => ({
    name,
    value: share(value),
    exact: `${count(Math.round(value * total.count))} of ${count(total.count)}`,
    outcome,
    of: (group: Group) => of(group) * group.count,
  });
  const { duration_ms: spent } = total;
  return [
    {
      name: 'Calls',
      value: short(total.count),
      exact: count(total.count),
      of: (group) => group.count,
    },
    rate('Failed', (group) => group.failure_rate, total.failure_rate, FAILED),
    rate('Refused', (group) => group.block_rate, total.block_rate, REFUSED),
    rate('Repeats', (group) => group.replay_rate, total.replay_rate, ['replayed']),
    {
      name: 'Median time',
      value: spent ? duration(spent.p50) : '–',
      exact: 'Half of the calls took at most this long',
      of: (group) => group.duration_ms?.p50 ?? 0,
    },
    {
      name: '95th percentile',
      value: spent ? duration(spent.p95) : '–',
      exact: '95 of 100 calls took at most this long',
      of: (group) => group.duration_ms?.p95 ?? 0,
    },
  ];
}

/** The figures that tell most, each leading to the executions behind it. */
export function KeyFigures({ stats, series, filter }: KeyFiguresProps) {
  return (
    <ul className="mb-3 grid grid-cols-2 gap-2 sm:grid-cols-3 xl:grid-cols-6">
      {figuresOf(stats).map(({ name, value, exact, outcome, of }) => (
        <li key={name}>
          <Link
            to="/executions"
            search={{ ...filter, outcome }}
            title={exact}
            className="flex h-full items-end justify-between gap-2 rounded-lg border border-line bg-panel px-3 py-2.5 hover:bg-sunken"
          >
            <span className="min-w-0">
              <span className="block text-xs text-ink-2">{name}</span>
              <span className="text-lg font-semibold tabular-nums">{value}</span>
            </span>
            <span className="shrink-0 max-md:hidden">
              {series.points.length > 1 ? (
                <Sparkline
                  label={`${name} over time`}
                  values={series.points.map((point) => (point ? of(point) : 0))}
                />
              ) : null}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
