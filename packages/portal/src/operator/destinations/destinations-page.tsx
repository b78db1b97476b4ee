import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { NewDestination } from './destination-form.tsx';
import {
  lagInWords,
  stateTone,
  TYPE_ABOUTS,
  TYPE_NAMES,
  TYPES,
  type Destination,
  type DestinationType,
} from './destination.ts';
import { MadeDialog } from './made-dialog.tsx';

const AGAIN_MS = 5000;

const COLUMNS: readonly Column<Destination>[] = [
  {
    name: 'Name',
    cell: ({ destination_id, name }) => (
      <Link
        to="/destinations/$destinationId"
        params={{ destinationId: destination_id }}
        className="font-medium text-accent underline-offset-2 hover:underline"
      >
        {name}
      </Link>
    ),
  },
  { name: 'Type', minor: true, cell: ({ type }) => TYPE_NAMES[type] },
  {
    name: 'State',
    cell: ({ state, paused_reason, error }) => (
      <Badge tone={stateTone(state)} title={paused_reason ?? error ?? undefined}>
        {state}
      </Badge>
    ),
  },
  { name: 'Behind', cell: lagInWords, className: 'tabular-nums' },
  {
    name: 'Entries a second',
    minor: true,
    className: 'tabular-nums',
    cell: ({ delivered_per_second }) => delivered_per_second,
  },
  {
    name: 'Dead letters',
    className: 'tabular-nums',
    cell: ({ dead_letters }) =>
      dead_letters > 0 ? <Badge tone="refused">{count(dead_letters)}</Badge> : '0',
  },
  {
    name: 'Last success',
    minor: true,
    cell: ({ last_delivered_at: at }) => (at ? <Time at={at} /> : 'none yet'),
  },
  {
    name: 'Last error',
    minor: true,
    cell: ({ error, error_at }) =>
      error ? (
        <span className="block truncate" title={error}>
          {error} {error_at ? <Time at={error_at} /> : null}
        </span>
      ) : (
        '–'
      ),
  },
];

const CSV = {
  destination_id: (row: Destination) => row.destination_id,
  name: (row: Destination) => row.name,
  type: (row: Destination) => row.type,
  state: (row: Destination) => row.state,
  lag_entries: (row: Destination) => row.lag_entries,
  lag_seconds: (row: Destination) => row.lag_seconds,
  delivered: (row: Destination) => row.delivered,
  dead_letters: (row: Destination) => row.dead_letters,
  last_delivered_at: (row: Destination) => row.last_delivered_at,
  error: (row: Destination) => row.error,
};

const isType = (text: string | undefined): text is DestinationType =>
  TYPES.includes(text as DestinationType);

export function DestinationsPage() {
  const list = useList<Destination>('/v1/destinations', {}, { refetchInterval: AGAIN_MS });
  const [adding, setAdding] = useParam('add');
  const [made, setMade] = useState<Destination | null>(null);
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const open = ({ destination_id: destinationId }: Destination) =>
    void navigate({ to: '/destinations/$destinationId', params: { destinationId } });
  return (
    <Page
      title="Destinations"
      about="Where entries are delivered to: in order, at least once, as soon as they are recorded."
      actions={
        <>
          <CsvButton name="destinations" rows={list.rows} columns={CSV} />
          {mayChange ? (
            <AddButton label="Add a destination" onAdd={() => setAdding('webhook')} />
          ) : null}
        </>
      }
    >
      <Listed
        label="Destinations"
        list={list}
        rows={list.rows}
        columns={COLUMNS}
        rowKey={(row) => row.destination_id}
        onOpen={open}
        empty={{
          title: 'Nothing is delivered yet',
          children: <Types mayChange={mayChange} onChoose={setAdding} />,
        }}
      />
      {mayChange && isType(adding) ? (
        <NewDestination
          key={adding}
          type={adding}
          onType={setAdding}
          onClose={() => setAdding(undefined, { replace: true })}
          onMade={(destination) => {
            setMade(destination);
            setAdding(undefined, { replace: true });
          }}
        />
      ) : null}
      {made ? <MadeDialog made={made} onClose={() => setMade(null)} /> : null}
    </Page>
  );
}

interface TypesProps {
  readonly mayChange: boolean;
  readonly onChoose: (type: DestinationType) => void;
}

function Types({ mayChange, onChoose }: TypesProps) {
  if (!mayChange) return <p>Whoever administers this app can add a destination.</p>;
  return (
    <>
      <p>Send what is recorded to where you already look.</p>
      <ul className="grid w-full gap-2 text-left sm:grid-cols-2">
        {TYPES.map((type) => (
          <li key={type}>
            <button
              type="button"
              onClick={() => onChoose(type)}
              className="h-full w-full rounded-lg border border-line bg-panel p-3 text-left hover:border-line-strong hover:bg-sunken"
            >
              <span className="block font-medium text-ink">{TYPE_NAMES[type]}</span>
              <span className="text-xs">{TYPE_ABOUTS[type]}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
