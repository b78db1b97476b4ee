import { Eraser } from 'lucide-react';

import { useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge, inWords, type Tone } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { IN_TEXT, TrailLink } from '../links.tsx';
import { useSettled } from '../../shared/use-settled.ts';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { Erase } from './erasure-form.tsx';
import { ErasureRequests } from './erasure-requests.tsx';

interface Erasure {
  readonly erasure_id: string;
  readonly state: 'checking' | 'erasing' | 'naming' | 'done' | 'refused' | 'stopped';
  readonly reason: string;
  readonly parts?: readonly string[];
  readonly erased: number;
  readonly principal_digest?: string;
  readonly created_at: string;
  readonly ended_at?: string;
}

const PATH = '/v1/erasures';
const AGAIN_MS = 5000;

const TONES: Readonly<Record<Erasure['state'], Tone>> = {
  checking: 'open',
  erasing: 'open',
  naming: 'open',
  done: 'good',
  refused: 'refused',
  stopped: 'failed',
};

const COLUMNS: readonly Column<Erasure>[] = [
  {
    name: 'State',
    cell: ({ state }) => <Badge tone={TONES[state] ?? 'neutral'}>{state}</Badge>,
  },
  { name: 'Reason', cell: ({ reason }) => <span className="break-words">{reason}</span> },
  {
    name: 'Of',
    minor: true,
    cell: ({ principal_digest }) => (principal_digest ? 'one person' : 'entries by their ids'),
  },
  {
    name: 'What',
    minor: true,
    cell: ({ parts }) => (parts ? parts.map(inWords).join(', ') : 'all contents'),
  },
  { name: 'Entries', className: 'tabular-nums', cell: ({ erased }) => count(erased) },
  { name: 'Asked', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    name: 'Ended',
    minor: true,
    cell: ({ ended_at }) => (ended_at ? <Time at={ended_at} /> : 'not yet'),
  },
];

const CSV = {
  erasure_id: (row: Erasure) => row.erasure_id,
  state: (row: Erasure) => row.state,
  reason: (row: Erasure) => row.reason,
  erased: (row: Erasure) => row.erased,
  created_at: (row: Erasure) => row.created_at,
  ended_at: (row: Erasure) => row.ended_at,
};

/** What had to go before its time, and how far that is. */
export function ErasureSettings() {
  const [principal, setPrincipal] = useParam('principal');
  const [adding, setAdding] = useParam('add');
  const person = useSettled(principal ?? '');
  const filter = person === '' ? {} : { principal_id: person };
  const list = useList<Erasure>(PATH, filter, { refetchInterval: AGAIN_MS });
  const mayChange = useMayChange();
  return (
    <>
      <Section
        title="Erasures"
        about={
          <>
            Contents that had to go before their time. Their places in the ledger stay, so that
            every proof stays sound.{' '}
            <TrailLink filter={{ event_type: 'erasure.*' }} className={IN_TEXT}>
              What was asked and done
            </TrailLink>
          </>
        }
        actions={
          <>
            <CsvButton name="erasures" rows={list.rows} columns={CSV} />
            {mayChange ? (
              <Button look="danger" onClick={() => setAdding('erasure')}>
                <Eraser /> Erase
              </Button>
            ) : null}
          </>
        }
      >
        <div className="mb-3 max-w-sm">
          <TextField
            label="Of one person, by their id"
            value={principal ?? ''}
            onChange={(value) => setPrincipal(value === '' ? undefined : value, { replace: true })}
          />
        </div>
        <Listed
          label="Erasures"
          list={list}
          rows={list.rows}
          columns={COLUMNS}
          rowKey={(row) => row.erasure_id}
          empty={{
            title: person ? 'Nothing of this person was erased' : 'Nothing was erased',
            children: 'People ask for it in their wallet; whoever administers does it here.',
          }}
        />
        {adding === 'erasure' && mayChange ? (
          <Erase
            principal={principal ?? ''}
            onClose={() => setAdding(undefined, { replace: true })}
          />
        ) : null}
      </Section>
      <ErasureRequests onChoose={setPrincipal} />
    </>
  );
}
