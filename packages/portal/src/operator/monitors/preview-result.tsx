import { plural } from '../../shared/format/number.ts';
import { Table, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { TrailLink } from '../links.tsx';
import { groupInWords, type Preview, type PreviewAlarm } from './monitor.ts';

const COLUMNS: readonly Column<PreviewAlarm>[] = [
  { name: 'Raised', cell: ({ raised_at }) => <Time at={raised_at} as="short" /> },
  {
    name: 'Of',
    cell: ({ group }) => <span className="break-words">{groupInWords(group) || 'all'}</span>,
  },
  {
    name: 'Over',
    minor: true,
    cell: ({ resolved_at }) =>
      resolved_at ? <Time at={resolved_at} as="short" /> : 'would still be raised',
  },
  {
    name: 'Entries',
    cell: ({ event_ids, count }) =>
      event_ids.length === 0 ? (
        count
      ) : (
        <TrailLink filter={{ event_id: event_ids }}>
          {plural(count, 'entry', 'entries')}
          {count > event_ids.length ? `, the newest ${event_ids.length}` : ''}
        </TrailLink>
      ),
  },
];

/** What it would have said of the past. */
export function PreviewResult({ preview }: { readonly preview: Preview }) {
  const { alarms, matched, complete, from, to } = preview;
  const days = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
  return (
    <div>
      <p role="status" className="mb-2">
        In the last {plural(days, 'day')}: <strong>{plural(alarms.length, 'alarm')}</strong>, from{' '}
        {plural(matched, 'entry', 'entries')} that it looked at.
        {complete ? '' : ' Time was up before all was looked at: there may be more.'}
      </p>
      {alarms.length > 0 ? (
        <Table
          label="Alarms that would have been raised"
          columns={COLUMNS}
          rows={alarms}
          rowKey={({ raised_at, group }) => `${raised_at} ${groupInWords(group)}`}
        />
      ) : null}
    </div>
  );
}
