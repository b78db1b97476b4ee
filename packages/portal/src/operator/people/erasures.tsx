import { plain } from '@affidavit/schema/plain';
import { Eraser, Lock } from 'lucide-react';

import { useList } from '../../shared/api/queries.ts';
import { count } from '../../shared/format/number.ts';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { Listed, type Column } from '../../shared/ui/table.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { EntriesOf } from '../entry/entries-of.tsx';
import { useMayChange } from '../session.ts';
import { Erase } from '../settings/erasure-form.tsx';
import { PlaceHold } from '../settings/hold-form.tsx';
import { useParam } from '../use-param.ts';

interface Erasure {
  readonly erasure_id: string;
  readonly state: string;
  readonly reason: string;
  readonly erased: number;
  readonly created_at: string;
}

const toneOf = (state: string): Tone =>
  state === 'done' ? 'good' : state === 'refused' || state === 'stopped' ? 'failed' : 'open';

const COLUMNS: readonly Column<Erasure>[] = [
  { name: 'State', cell: ({ state }) => <Badge tone={toneOf(state)}>{state}</Badge> },
  { name: 'Reason', cell: ({ reason }) => <span className="break-words">{plain(reason)}</span> },
  { name: 'Entries', cell: ({ erased }) => count(erased) },
  { name: 'Asked', cell: ({ created_at }) => <Time at={created_at} /> },
];

/** What a person asked to be erased, what was, and what must stay for now. */
export function PersonErasures({ principalId }: { readonly principalId: string }) {
  const list = useList<Erasure>('/v1/erasures', { principal_id: principalId });
  const [dialog, setDialog] = useParam('dialog');
  const mayChange = useMayChange();
  const close = () => setDialog(undefined);
  return (
    <>
      <Section title="Asked for" about="Requests for erasure, from the wallet or by an operator.">
        <EntriesOf
          label="Requests for erasure"
          path="/v1/events"
          query={{ user: principalId, event_type: 'erasure.requested' }}
          empty={{ title: 'Nothing was asked for' }}
        />
      </Section>
      <Section
        title="Erasures"
        about="What was erased of this person. The ledger and its proofs stay whole."
        actions={
          mayChange ? (
            <span className="flex flex-wrap gap-2">
              <Button onClick={() => setDialog('hold')}>
                <Lock /> Place a hold
              </Button>
              <Button look="danger" onClick={() => setDialog('erase')}>
                <Eraser /> Erase
              </Button>
            </span>
          ) : null
        }
      >
        <Listed
          label="Erasures"
          list={list}
          columns={COLUMNS}
          rows={list.rows}
          rowKey={({ erasure_id }) => erasure_id}
          empty={{ title: 'Nothing was erased' }}
        />
      </Section>
      {dialog === 'erase' && mayChange ? <Erase principal={principalId} onClose={close} /> : null}
      {dialog === 'hold' && mayChange ? (
        <PlaceHold principal={principalId} onClose={close} />
      ) : null}
    </>
  );
}
