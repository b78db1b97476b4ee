import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import { Table, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { EntryList } from '../entry/entry-list.tsx';
import { TrailLink } from '../links.tsx';
import type { Search } from '../search.ts';
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

/** Entries name the monitor in their arguments, which are not searched: its name in the reason is. */
export function AlarmHistory({ of }: { readonly of: Monitor }) {
  const filter = {
    event_type: ['monitor.raised', 'monitor.updated', 'monitor.resolved'],
    q: `"${of.name.replaceAll('"', ' ')}"`,
  };
  const list = useList<Entry>('/v1/events', filter, { refetchInterval: AGAIN_MS });
  const own = list.rows.filter(
    ({ args }) => (args as { monitor_id?: string } | undefined)?.monitor_id === of.monitor_id,
  );
  return (
    <Section
      title="History"
      about="What it raised, and when that was over. Each is an entry of its own, with the ids of those that caused it."
    >
      <History list={list} entries={own} />
      {list.hasNextPage ? (
        <div className="mt-3 flex justify-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </Section>
  );
}

interface HistoryProps {
  readonly list: ReturnType<typeof useList<Entry>>;
  readonly entries: readonly Entry[];
}

function History({ list, entries }: HistoryProps) {
  if (list.isPending) return <Loading />;
  if (list.error) return <Failed error={list.error} retry={() => void list.refetch()} />;
  if (entries.length > 0) return <EntryList label="What it raised" entries={entries} />;
  return (
    <Empty title="No alarms so far">Try it on the past, to see when it would raise some.</Empty>
  );
}
