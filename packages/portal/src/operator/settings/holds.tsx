import { useState } from 'react';

import { call } from '../../shared/api/client.ts';
import { useChange, useGet, useList } from '../../shared/api/queries.ts';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { CsvButton } from '../../shared/ui/csv-button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { AddButton } from '../add-button.tsx';
import { filterInWords, type Filter } from '../conditions/conditions.ts';
import { TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { useParam } from '../use-param.ts';
import { PlaceHold } from './hold-form.tsx';
import { actionsColumn } from './row-actions.tsx';

interface Hold {
  readonly hold_id: string;
  readonly reason: string;
  readonly filter?: Filter;
  readonly event_ids?: readonly string[];
  readonly placed_at: string;
}

const PATH = '/v1/holds';
/** That an address can name. */
const LINKED_MAX = 50;

const COLUMNS: readonly Column<Hold>[] = [
  { name: 'Reason', cell: ({ reason }) => <span className="break-words">{reason}</span> },
  {
    name: 'On',
    cell: ({ filter }) =>
      filter ? (
        <TrailLink filter={filter}>entries where {filterInWords(filter)}</TrailLink>
      ) : (
        'entries by their ids'
      ),
  },
  { name: 'Since', cell: ({ placed_at }) => <Time at={placed_at} /> },
];

const CSV = {
  hold_id: (row: Hold) => row.hold_id,
  reason: (row: Hold) => row.reason,
  filter: (row: Hold) => (row.filter ? JSON.stringify(row.filter) : ''),
  placed_at: (row: Hold) => row.placed_at,
};

/** What is neither swept nor erased, however old it is. */
export function HoldSettings() {
  const list = useList<Hold>(PATH, { limit: 200 });
  const [adding, setAdding] = useParam('add');
  const [shown, setShown] = useParam('hold');
  const [leaving, setLeaving] = useState<Hold | null>(null);
  const mayChange = useMayChange();
  const release = useChange<Hold | null>({
    mutationFn: (hold) => call('DELETE', `${PATH}/${hold?.hold_id ?? ''}`),
    changes: [PATH],
    done: 'The hold was released.',
    onSuccess: () => setLeaving(null),
  });
  const actions = actionsColumn<Hold>(
    (row) => [
      { label: 'Show', run: () => setShown(row.hold_id) },
      ...(mayChange ? [{ label: 'Release', danger: true, run: () => setLeaving(row) }] : []),
    ],
    ({ hold_id }) => hold_id,
  );
  return (
    <Section
      title="Legal holds"
      about="What is on hold is neither swept nor erased, however old it is."
      actions={
        <>
          <CsvButton name="holds" rows={list.rows} columns={CSV} />
          {mayChange ? <AddButton label="Place a hold" onAdd={() => setAdding('hold')} /> : null}
        </>
      }
    >
      <Listed
        label="Legal holds"
        list={list}
        rows={list.rows}
        columns={[...COLUMNS, actions]}
        rowKey={(row) => row.hold_id}
        empty={{
          title: 'Nothing is on hold',
          children: 'Place a hold by a filter, such as one person in one month, or by ids.',
        }}
      />
      {adding === 'hold' && mayChange ? (
        <PlaceHold onClose={() => setAdding(undefined, { replace: true })} />
      ) : null}
      {shown ? <ShownHold id={shown} onClose={() => setShown(undefined)} /> : null}
      <Confirm
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        onConfirm={() => release.mutate(leaving)}
        title="Release the hold?"
        action="Release"
        busy={release.isPending}
      >
        What it kept ({leaving?.reason}) can be swept and erased again.
      </Confirm>
    </Section>
  );
}

function ShownHold({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const hold = useGet<Hold>(`${PATH}/${encodeURIComponent(id)}`);
  return (
    <Dialog open onClose={onClose} title="Hold">
      <Answer of={hold}>
        {({ hold_id, reason, filter, event_ids = [], placed_at }) => (
          <Facts>
            <Fact name="Id">
              <Id value={hold_id} />
            </Fact>
            <Fact name="Reason">{reason}</Fact>
            <Fact name="Placed">
              <Time at={placed_at} as="short" />
            </Fact>
            <Fact name="On">
              {filter ? (
                <TrailLink filter={filter}>entries where {filterInWords(filter)}</TrailLink>
              ) : (
                <TrailLink filter={{ event_id: event_ids.slice(0, LINKED_MAX) }}>
                  {event_ids.length} entries
                </TrailLink>
              )}
            </Fact>
            <Fact name="Ids" mono>
              {event_ids.join('\n')}
            </Fact>
          </Facts>
        )}
      </Answer>
    </Dialog>
  );
}
