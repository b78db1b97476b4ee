import { plain } from '@affidavit/schema/plain';

import { useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { duration } from '../../shared/format/time.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { FacetSelect } from '../facet-select.tsx';
import { AgentLink, RunLink } from '../links.tsx';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import { useParam } from '../use-param.ts';
import type { RunRow } from './run.ts';

const PRESET = '7d';

/** Runs: what an agent did from beginning to end of one task. */
export function RunsPage() {
  const period = usePeriod(PRESET);
  const [agent] = useParam('agent');
  const filter = { ...period, ...(agent === undefined ? {} : { agent }) };
  return (
    <Page
      title="Runs"
      about="A run is one task of an agent, from its first call to its last. The newest come first."
      actions={
        <>
          <FacetSelect field="agent_name" param="agent" any="All agents" />
          <RangePicker preset={PRESET} />
        </>
      }
    >
      <RunList filter={filter} />
    </Page>
  );
}

interface RunListProps {
  readonly filter: Readonly<Record<string, string>>;
  /** Where all are of one agent, its name says nothing. */
  readonly ofAgent?: boolean;
}

export function RunList({ filter, ofAgent = false }: RunListProps) {
  const list = useList<RunRow>('/v1/runs', filter);
  const columns = COLUMNS.filter(({ name }) => !ofAgent || name !== 'Agent');
  return (
    <>
      <Listed
        label="Runs"
        list={list}
        columns={columns}
        rows={list.rows}
        rowKey={({ run_id }) => run_id}
        empty={{
          title: 'No runs in this time',
          children: (
            <p>
              Calls belong to a run where the agent sends a <code>run_id</code> with them. Choose a
              longer range to look further back.
            </p>
          ),
        }}
      />
      {list.rows.length > 0 ? (
        <div className="mt-2 flex justify-end">
          <CsvButton name="runs" rows={list.rows} columns={CSV} />
        </div>
      ) : null}
    </>
  );
}

const CSV = {
  run_id: (run: RunRow) => run.run_id,
  agent_id: (run: RunRow) => run.agent_id,
  agent_name: (run: RunRow) => run.agent_name,
  task_context: (run: RunRow) => run.task_context,
  first_at: (run: RunRow) => run.first_at,
  last_at: (run: RunRow) => run.last_at,
  entries: (run: RunRow) => run.entries,
  calls: (run: RunRow) => run.calls,
  refused: (run: RunRow) => run.refused,
  failed: (run: RunRow) => run.failed,
};

const took = ({ first_at, last_at }: RunRow) => Date.parse(last_at) - Date.parse(first_at);

const COLUMNS: readonly Column<RunRow>[] = [
  {
    name: 'Run',
    cell: ({ run_id, task_context }) => (
      <span className="block min-w-40">
        <RunLink id={run_id}>{plain(task_context ?? run_id)}</RunLink>
        {task_context === undefined ? null : (
          <span className="block truncate font-mono text-xs text-ink-3">{plain(run_id)}</span>
        )}
      </span>
    ),
  },
  {
    name: 'Agent',
    cell: ({ agent_id, agent_name }) => (
      <AgentLink id={agent_id}>{plain(agent_name ?? agent_id)}</AgentLink>
    ),
  },
  { name: 'Last entry', cell: ({ last_at }) => <Time at={last_at} /> },
  { name: 'Took', cell: (run) => duration(took(run)), minor: true },
  {
    name: 'Calls',
    cell: ({ calls, more_entries }) => `${count(calls)}${more_entries ? '+' : ''}`,
    minor: true,
  },
  {
    name: 'Trouble',
    cell: ({ failed, refused }) => (
      <span className="flex flex-wrap gap-1">
        {failed > 0 ? <Badge tone="failed">{count(failed)} failed</Badge> : null}
        {refused > 0 ? <Badge tone="refused">{count(refused)} refused</Badge> : null}
        {failed + refused === 0 ? <span className="text-ink-3">none</span> : null}
      </span>
    ),
  },
];
