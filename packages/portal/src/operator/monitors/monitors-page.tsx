import { Link, useNavigate } from '@tanstack/react-router';

import { useGet, useList } from '../../shared/api/queries.ts';
import type { Page as ListPage } from '../../shared/api/types.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page, Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { IN_TEXT, LINK, TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { MonitorForm } from './monitor-form.tsx';
import { ruleInWords, severityTone, type Monitor, type Template } from './monitor.ts';
import { MonitorState } from './monitor-state.tsx';

const AGAIN_MS = 10_000;
const NEW = 'new';

const COLUMNS: readonly Column<Monitor>[] = [
  {
    name: 'Name',
    className: 'max-w-xl',
    cell: (row) => (
      <>
        <Link
          to="/monitors/$monitorId"
          params={{ monitorId: row.monitor_id }}
          className={`font-medium ${LINK}`}
        >
          {row.name}
        </Link>
        <span className="block text-xs break-words text-ink-2 max-md:hidden">
          {ruleInWords(row)}
        </span>
      </>
    ),
  },
  { name: 'State', cell: (row) => <MonitorState of={row} /> },
  {
    name: 'Severity',
    cell: ({ severity }) => <Badge tone={severityTone(severity)}>{severity}</Badge>,
  },
  {
    name: 'Raised',
    minor: true,
    cell: ({ since_at }) => (since_at ? <Time at={since_at} /> : '–'),
  },
];

const CSV = {
  monitor_id: (row: Monitor) => row.monitor_id,
  name: (row: Monitor) => row.name,
  watches: ruleInWords,
  severity: (row: Monitor) => row.severity,
  enabled: (row: Monitor) => row.enabled,
  state: (row: Monitor) => row.state,
  alarms: (row: Monitor) => row.alarms.length,
  since_at: (row: Monitor) => row.since_at,
};

export function MonitorsPage() {
  const list = useList<Monitor>('/v1/monitors', { limit: 100 }, { refetchInterval: AGAIN_MS });
  const templates = useGet<ListPage<Template>>('/v1/monitors/templates');
  const [adding, setAdding] = useParam('add');
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const open = ({ monitor_id: monitorId }: Monitor, replace = false) =>
    void navigate({ to: '/monitors/$monitorId', params: { monitorId }, replace });
  const from = templates.data?.data.find(({ template }) => template === adding);
  const isReady = adding === NEW || from !== undefined;
  return (
    <Page
      title="Monitors"
      about={
        <>
          What is watched for on the trail.{' '}
          <TrailLink filter={{ event_type: 'monitor.raised' }} className={IN_TEXT}>
            All alarms so far
          </TrailLink>
        </>
      }
      actions={
        <>
          <CsvButton name="monitors" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <AddButton label="Watch for something" onAdd={() => setAdding(NEW)} />
          ) : null}
        </>
      }
    >
      <div className="mb-8">
        <Listed
          label="Monitors"
          list={list}
          rows={list.rows}
          columns={COLUMNS}
          rowKey={(row) => row.monitor_id}
          onOpen={(row) => open(row)}
          empty={{
            title: 'Nothing is watched for yet',
            children: mayChange
              ? 'Take one of those below, or write your own.'
              : 'Whoever administers this app can add monitors.',
          }}
        />
      </div>
      {mayChange ? <Templates rows={templates.data?.data ?? []} onChoose={setAdding} /> : null}
      {adding && isReady && mayChange ? (
        <MonitorForm
          key={adding}
          from={from}
          onClose={() => setAdding(undefined, { replace: true })}
          onDone={(monitor) => open(monitor, true)}
        />
      ) : null}
    </Page>
  );
}

interface TemplatesProps {
  readonly rows: readonly Template[];
  readonly onChoose: (template: string) => void;
}

function Templates({ rows, onChoose }: TemplatesProps) {
  return (
    <Section title="Ready to be used" about="Each can be changed before it is taken.">
      <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-4">
        {rows.map((row) => (
          <li key={row.template}>
            <button
              type="button"
              onClick={() => onChoose(row.template)}
              className="flex h-full w-full flex-col items-start rounded-lg border border-line bg-panel p-3 text-left hover:border-line-strong hover:bg-sunken"
            >
              <span className="font-medium">{row.name}</span>
              <span className="mt-1 grow text-xs text-ink-2">{ruleInWords(row)}</span>
              <Badge tone={severityTone(row.severity)} className="mt-2">
                {row.severity}
              </Badge>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
