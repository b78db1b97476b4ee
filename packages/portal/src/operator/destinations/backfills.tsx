import { History } from 'lucide-react';
import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Empty, Progress } from '../../shared/ui/states.tsx';
import { Table, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import type { Backfill, Destination } from './destination.ts';

const COLUMNS: readonly Column<Backfill>[] = [
  {
    name: 'Entries (seq)',
    className: 'tabular-nums',
    cell: ({ from_seq, to_seq }) => `${count(from_seq)} – ${count(to_seq)}`,
  },
  { name: 'How far', className: 'min-w-48', cell: (row) => <HowFar of={row} /> },
  { name: 'Delivered', minor: true, cell: ({ delivered }) => count(delivered) },
  { name: 'Refused', minor: true, cell: ({ dead_lettered }) => count(dead_lettered) },
  {
    name: 'Last error',
    minor: true,
    cell: ({ error }) => <span className="break-words">{error ?? '–'}</span>,
  },
  { name: 'Begun', cell: ({ created_at }) => <Time at={created_at} /> },
];

function HowFar({ of: { from_seq, to_seq, cursor, ended_at } }: { readonly of: Backfill }) {
  if (ended_at !== null) {
    return (
      <>
        <Badge tone="good">ended</Badge> <Time at={ended_at} />
      </>
    );
  }
  return <Progress done={cursor - from_seq + 1} total={to_seq - from_seq + 1} label="Entries" />;
}

interface BackfillsProps {
  readonly of: Destination;
  readonly mayChange: boolean;
}

/** Ranges that are sent beside what is new: a long history, or what somebody wants once more. */
export function Backfills({ of, mayChange }: BackfillsProps) {
  const [isOpen, setOpen] = useState(false);
  const newest = of.backfills.toSorted((a, b) => b.created_at.localeCompare(a.created_at));
  return (
    <Section
      title="Replays and backfills"
      about="Ranges that are sent beside what is new. Each entry keeps its event_id, so that a receiver can tell what it has."
      actions={
        mayChange ? (
          <Button onClick={() => setOpen(true)}>
            <History /> Replay a range
          </Button>
        ) : null
      }
    >
      {newest.length === 0 ? (
        <Empty title="None yet">Replay a range to deliver it once more.</Empty>
      ) : (
        <Table
          label="Replays and backfills"
          columns={COLUMNS}
          rows={newest}
          rowKey={(row) => row.replay_id}
        />
      )}
      {isOpen ? <ReplayForm of={of} onClose={() => setOpen(false)} /> : null}
    </Section>
  );
}

interface ReplayProps {
  readonly of: Destination;
  readonly onClose: () => void;
}

function ReplayForm({ of: { destination_id, cursor }, onClose }: ReplayProps) {
  const [from, setFrom] = useState('0');
  const [to, setTo] = useState(String(Math.max(0, cursor)));
  const replay = useChange<void>({
    mutationFn: () =>
      post(`/v1/destinations/${destination_id}/replay`, {
        from_seq: Number(from),
        to_seq: Number(to),
      }),
    changes: ['/v1/destinations'],
    done: 'The range is on its way once more.',
    onSuccess: onClose,
    inForm: true,
  });
  const number = { type: 'number', min: 0, required: true } as const;
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Replay a range"
      description="The entries are delivered once more, beside what is new. The number of an entry (seq) stands with it on the trail."
      action="Replay"
      busy={replay.isPending}
      error={replay.error}
      onSubmit={() => replay.mutate()}
    >
      <TextField
        {...number}
        label="From (seq)"
        value={from}
        onChange={setFrom}
        error={faultOf(replay.error, 'from_seq')}
      />
      <TextField
        {...number}
        label="To, inclusive (seq)"
        value={to}
        onChange={setTo}
        error={faultOf(replay.error, 'to_seq')}
      />
    </FormDialog>
  );
}
