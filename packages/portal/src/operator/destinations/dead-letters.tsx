import { RotateCcw } from 'lucide-react';

import { call } from '../../shared/api/client.ts';
import { useChange, useList } from '../../shared/api/queries.ts';
import { count, plural } from '../../shared/format/number.ts';
import { Button } from '../../shared/ui/button.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import type { DeadLetter, Destination } from './destination.ts';

const AGAIN_MS = 10_000;
/** Replays that may be under way at once. */
const AT_ONCE_MAX = 20;

const CSV = {
  dead_letter_id: (row: DeadLetter) => row.dead_letter_id,
  from_seq: (row: DeadLetter) => row.from_seq,
  to_seq: (row: DeadLetter) => row.to_seq,
  entries: (row: DeadLetter) => row.entries,
  reason: (row: DeadLetter) => row.reason,
  created_at: (row: DeadLetter) => row.created_at,
};

const COLUMNS: readonly Column<DeadLetter>[] = [
  {
    name: 'Entries (seq)',
    className: 'tabular-nums',
    cell: ({ from_seq, to_seq }) =>
      from_seq === to_seq ? count(from_seq) : `${count(from_seq)} – ${count(to_seq)}`,
  },
  { name: 'How many', minor: true, cell: ({ entries }) => count(entries) },
  {
    name: 'Why it was refused',
    className: 'max-w-xl',
    cell: ({ reason }) => <span className="break-words">{reason}</span>,
  },
  { name: 'When', cell: ({ created_at }) => <Time at={created_at} /> },
];

const againColumn = (
  isBusy: boolean,
  onReplay: (letter: DeadLetter) => void,
): Column<DeadLetter> => ({
  name: 'Again',
  cell: (row) => (
    <Button busy={isBusy} onClick={() => onReplay(row)}>
      <RotateCcw /> Replay
    </Button>
  ),
});

interface DeadLettersProps {
  readonly of: Destination;
  readonly mayChange: boolean;
}

/** What was refused for good, and the way to send it once more. */
export function DeadLetters({ of, mayChange }: DeadLettersProps) {
  const path = `/v1/destinations/${of.destination_id}/dead-letters`;
  const list = useList<DeadLetter>(path, {}, { refetchInterval: AGAIN_MS });
  const replay = useChange<readonly DeadLetter[], number>({
    mutationFn: async (letters) => {
      const replayed = letters.slice(0, AT_ONCE_MAX);
      for (const { dead_letter_id } of replayed) {
        const body = { dead_letter_id };
        // Replays of one destination are told apart by what was before: one after the other.
        await call('POST', `/v1/destinations/${of.destination_id}/replay`, {
          body,
          idempotencyKey: `replay-${dead_letter_id}`,
        });
      }
      return replayed.length;
    },
    changes: ['/v1/destinations'],
    done: (letters) => `${plural(letters, 'dead letter')} on the way once more.`,
  });
  const again = againColumn(replay.isPending, (letter) => replay.mutate([letter]));
  const isMany = list.rows.length > AT_ONCE_MAX;
  return (
    <Section
      title="Dead letters"
      about="Entries that the receiver refused for good. They stay on the trail; the others went on."
      actions={
        <>
          <CsvButton name="dead-letters" rows={list.rows} columns={CSV} />
          {mayChange && list.rows.length > 1 ? (
            <Button busy={replay.isPending} onClick={() => replay.mutate(list.rows)}>
              <RotateCcw /> {isMany ? `Replay the first ${AT_ONCE_MAX}` : 'Replay all'}
            </Button>
          ) : null}
        </>
      }
    >
      <Listed
        label="Dead letters"
        list={list}
        rows={list.rows}
        columns={mayChange ? [...COLUMNS, again] : COLUMNS}
        rowKey={(row) => row.dead_letter_id}
        empty={{
          title: 'Nothing was refused',
          children: 'Each entry was taken, or still will be.',
        }}
      />
    </Section>
  );
}
