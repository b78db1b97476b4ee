import { useList } from '../../shared/api/queries.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Table, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { PersonLink } from '../links.tsx';

const AGAIN_MS = 30_000;
const SHOWN_MAX = 10;

const COLUMNS: readonly Column<Entry>[] = [
  { name: 'Who', cell: ({ principal_id }) => <PersonLink id={principal_id} /> },
  {
    name: 'Why',
    cell: ({ reason }) => <span className="break-words">{reason ?? 'no reason given'}</span>,
  },
  { name: 'When', cell: ({ created_at }) => <Time at={created_at} /> },
];

const chooseColumn = (onChoose: (principalId: string) => void): Column<Entry> => ({
  name: 'What was done',
  cell: ({ principal_id }) =>
    principal_id === undefined ? null : (
      <Button
        onClick={() => onChoose(principal_id)}
        aria-label={`Show erasures of ${principal_id}`}
      >
        Show
      </Button>
    ),
});

interface ErasureRequestsProps {
  readonly onChoose: (principalId: string) => void;
}

/** The newest of what people asked for in their wallets. */
export function ErasureRequests({ onChoose }: ErasureRequestsProps) {
  const filter = { event_type: 'wallet.erasure_requested', source: 'observed', limit: SHOWN_MAX };
  const list = useList<Entry>('/v1/events', filter, { refetchInterval: AGAIN_MS });
  if (list.rows.length === 0) return null;
  return (
    <Section
      title="People who asked"
      about={`The newest ${SHOWN_MAX} that asked for erasure in their wallet. They see there when it was done.`}
    >
      <Table
        label="People who asked for erasure"
        columns={[...COLUMNS, chooseColumn(onChoose)]}
        rows={list.rows}
        rowKey={({ event_id }) => event_id}
      />
    </Section>
  );
}
