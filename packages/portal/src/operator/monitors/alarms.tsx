import { Link } from '@tanstack/react-router';

import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { count as countOf } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, Table, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { EntryDrawer } from '../entry/entry-drawer.tsx';
import { useOpenEntry } from '../entry/use-open-entry.ts';
import { LINK, TrailLink } from '../links.tsx';
import type { Search } from '../search.ts';
import { pastAlarms, type PastAlarm } from './alarm-history.ts';
import { groupInWords, isLevel, type Alarm, type Monitor } from './monitor.ts';

const COLUMNS: readonly Column<Alarm & { readonly filter: Search | null }>[] = [
  {
    name: 'Of',
    cell: ({ group }) => (
      <span className="font-medium break-words">{groupInWords(group) || 'all'}</span>
    ),
  },
  { name: 'Since', cell: ({ raised_at }) => <Time at={raised_at} /> },
  { name: 'Counted', className: 'tabular-nums', cell: ({ count }) => count ?? '–' },
  {
    name: 'Behind it',
    cell: ({ filter }) => (filter ? <TrailLink filter={filter}>Show the entries</TrailLink> : '–'),
  },
];

/** The entries that it counts now: its filter, of the group, since a window before the alarm. */
function behind({ filter, kind, window_seconds }: Monitor, alarm: Alarm): Search | null {
  if (isLevel(kind) || kind === 'absence') return null;
  const from = new Date(Date.parse(alarm.raised_at) - window_seconds * 1000).toISOString();
  return { ...filter, ...alarm.group, from };
}

export function AlarmsNow({ of }: { readonly of: Monitor }) {
  if (of.alarms.length === 0) return null;
  return (
    <Section title="Raised now">
      <Table
        label="Alarms that are raised now"
        columns={COLUMNS}
        rows={of.alarms.map((alarm) => ({ ...alarm, filter: behind(of, alarm) }))}
        rowKey={({ alarm_id }) => alarm_id}
      />
    </Section>
  );
}

const AGAIN_MS = 10_000;
/** Ids that an address can name. */
const LINKED_MAX = 50;

const PAST_COLUMNS: readonly Column<PastAlarm>[] = [
  {
    name: 'Raised',
    cell: ({ raised_at, event_id }) => (
      <Link
        to="."
        search={(before: Search) => ({ ...before, event: event_id })}
        resetScroll={false}
        className={LINK}
      >
        <Time at={raised_at} as="short" />
      </Link>
    ),
  },
  {
    name: 'Of',
    cell: ({ group }) => <span className="break-words">{groupInWords(group) || 'all'}</span>,
  },
  { name: 'Counted', className: 'tabular-nums', cell: ({ count }) => countOf(count) },
  {
    name: 'Over',
    cell: ({ resolved_at }) =>
      resolved_at ? <Time at={resolved_at} as="short" /> : <Badge tone="failed">not yet</Badge>,
  },
  {
    name: 'Behind it',
    minor: true,
    cell: ({ event_ids }) =>
      event_ids.length === 0 ? (
        '–'
      ) : (
        <TrailLink filter={{ event_id: event_ids.slice(0, LINKED_MAX) }}>
          Show the entries
        </TrailLink>
      ),
  },
];

const CSV = {
  alarm_id: (row: PastAlarm) => row.alarm_id,
  raised_at: (row: PastAlarm) => row.raised_at,
  resolved_at: (row: PastAlarm) => row.resolved_at,
  of: (row: PastAlarm) => groupInWords(row.group),
  count: (row: PastAlarm) => row.count,
  event_ids: (row: PastAlarm) => row.event_ids.join(' '),
};

/** Entries name the monitor in their arguments, which are not searched: its name in the reason is. */
export function AlarmHistory({ of }: { readonly of: Monitor }) {
  const filter = {
    event_type: ['monitor.raised', 'monitor.updated', 'monitor.resolved'],
    q: `"${of.name.replaceAll('"', ' ')}"`,
    limit: 200,
  };
  const list = useList<Entry>('/v1/events', filter, { refetchInterval: AGAIN_MS });
  const { openId, show } = useOpenEntry();
  const rows = pastAlarms(list.rows, of.monitor_id);
  return (
    <Section
      title="History"
      about="What it raised under its present name, and when that was over. Each is an entry of its own."
      actions={<CsvButton name="alarms" rows={rows} columns={CSV} />}
    >
      <Listed
        label="Alarms so far"
        list={list}
        rows={rows}
        columns={PAST_COLUMNS}
        rowKey={({ alarm_id }) => alarm_id}
        empty={{
          title: 'No alarms so far',
          children: 'Try it on the past, to see when it would have raised some.',
        }}
      />
      <EntryDrawer
        eventId={openId}
        onClose={() => show(undefined)}
        known={list.rows.find(({ event_id }) => event_id === openId)}
      />
    </Section>
  );
}
