import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';

import { Bar } from '../../shared/charts/bars.tsx';
import { useGet } from '../../shared/api/queries.ts';
import { count, share, short } from '../../shared/format/number.ts';
import { duration } from '../../shared/format/time.ts';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Answer, Empty } from '../../shared/ui/states.tsx';
import { Table, type Column } from '../../shared/ui/table.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { usePeriod } from '../range/range-picker.tsx';
import type { Period } from '../range/range.ts';
import { useParam } from '../use-param.ts';
import { FAILED, REFUSED, type Group, type Stats } from './stats.ts';

const AGAIN_MS = 60_000;
const ROWS_MAX = 100;

const KINDS = [
  { value: 'agent', label: 'By agent', name: 'Agent' },
  { value: 'provider', label: 'By provider', name: 'Provider' },
  { value: 'verb', label: 'By verb', name: 'Verb' },
] as const;
type Kind = (typeof KINDS)[number];

interface BreakdownProps {
  readonly preset: string;
  readonly filter?: Readonly<Record<string, string>>;
}

/** Who and what the figures are made of. */
export function Breakdown({ preset, filter = {} }: BreakdownProps) {
  const [by, setBy] = useParam('by');
  const kinds = KINDS.filter(({ value }) => filter[value] === undefined);
  const chosen = kinds.find(({ value }) => value === by) ?? kinds[0];
  const tabs = kinds.map((kind) => ({
    value: kind.value,
    label: kind.label,
    content: kind === chosen ? <OfKind kind={kind} preset={preset} filter={filter} /> : null,
  }));
  return (
    <Section
      title={filter['agent'] === undefined ? 'By agent, provider and verb' : 'By provider and verb'}
    >
      <Tabs tabs={tabs} value={chosen?.value ?? 'agent'} onChange={setBy} />
    </Section>
  );
}

interface OfKindProps {
  readonly kind: Kind;
  readonly preset: string;
  readonly filter: Readonly<Record<string, string>>;
}

function OfKind({ kind, preset, filter }: OfKindProps) {
  const period = usePeriod(preset);
  const stats = useGet<Stats>(
    '/v1/stats',
    { ...filter, ...period, group_by: kind.value },
    { refetchInterval: AGAIN_MS, keep: true },
  );
  return (
    <Answer of={stats}>
      {({ groups }) =>
        groups.length === 0 ? (
          <Empty title="No calls in this time">Choose a longer range.</Empty>
        ) : (
          <Rows kind={kind} groups={groups} filter={{ ...filter, ...period }} />
        )
      }
    </Answer>
  );
}

interface RowsProps {
  readonly kind: Kind;
  readonly groups: readonly Group[];
  readonly filter: Period & Readonly<Record<string, string>>;
}

function Rows({ kind, groups, filter }: RowsProps) {
  const rows = useMemo(() => groups.toSorted((a, b) => b.count - a.count), [groups]);
  const columns = useMemo(() => columnsOf(kind, rows[0]?.count ?? 1, filter), [kind, rows, filter]);
  return (
    <>
      <Table
        label={kind.label}
        columns={columns}
        rows={rows.slice(0, ROWS_MAX)}
        rowKey={(row) => row[kind.value] ?? ''}
      />
      <div className="mt-2 flex items-center justify-end gap-3 text-ink-3">
        {rows.length > ROWS_MAX ? (
          <span>
            {count(ROWS_MAX)} of {count(rows.length)} are shown
          </span>
        ) : null}
        <CsvButton name={`calls-by-${kind.value}`} rows={rows} columns={csvOf(kind)} />
      </div>
    </>
  );
}

const csvOf = ({ value }: Kind) => ({
  [value]: (row: Group) => row[value],
  calls: (row: Group) => row.count,
  failure_rate: (row: Group) => row.failure_rate,
  block_rate: (row: Group) => row.block_rate,
  replay_rate: (row: Group) => row.replay_rate,
  p50_ms: (row: Group) => row.duration_ms?.p50,
  p95_ms: (row: Group) => row.duration_ms?.p95,
});

function columnsOf(
  { value, name }: Kind,
  most: number,
  filter: RowsProps['filter'],
): readonly Column<Group>[] {
  const rate = (row: Group, of: number, outcome: readonly string[]) =>
    of === 0 || !row[value] ? (
      share(of)
    ) : (
      <Link
        to="/executions"
        search={{ ...filter, [value]: row[value], outcome }}
        className="text-accent hover:underline"
      >
        {share(of)}
      </Link>
    );
  const took = (ms: number | undefined) => (ms === undefined ? '–' : duration(ms));
  return [
    { name, cell: (row) => <Name value={value} of={row[value]} filter={filter} /> },
    {
      name: 'Calls',
      cell: (row) => (
        <Bar share={row.count / most}>
          <span title={count(row.count)}>{short(row.count)}</span>
        </Bar>
      ),
      className: 'w-1/4',
    },
    { name: 'Failed', cell: (row) => rate(row, row.failure_rate, FAILED) },
    { name: 'Refused', cell: (row) => rate(row, row.block_rate, REFUSED) },
    { name: 'Repeats', cell: (row) => share(row.replay_rate), minor: true },
    { name: 'Median time', cell: (row) => took(row.duration_ms?.p50), minor: true },
    { name: '95th percentile', cell: (row) => took(row.duration_ms?.p95), minor: true },
  ];
}

interface NameProps {
  readonly value: Kind['value'];
  readonly of: string | null | undefined;
  readonly filter: RowsProps['filter'];
}

function Name({ value, of, filter }: NameProps) {
  if (!of) return <span className="text-ink-3">none</span>;
  return (
    <Link
      to="/executions"
      search={{ ...filter, [value]: of }}
      className="break-words text-accent hover:underline"
    >
      {of}
    </Link>
  );
}
