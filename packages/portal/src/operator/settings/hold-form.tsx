import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { ConditionsField } from '../conditions/conditions-field.tsx';
import { filterOf, type Condition } from '../conditions/conditions.ts';
import { idsOf, toIso } from './choices.ts';

const time = (name: string, local: string) => (local === '' ? {} : { [name]: toIso(local) });

/** A hold by a filter, which also covers what is recorded later, or by ids. */
interface PlaceHoldProps {
  readonly onClose: () => void;
  /** Whose entries it is on, at first. */
  readonly principal?: string;
}

export function PlaceHold({ onClose, principal = '' }: PlaceHoldProps) {
  const [by, setBy] = useState('filter');
  const [conditions, setConditions] = useState<readonly Condition[]>([
    { name: 'principal_id', value: principal },
  ]);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [ids, setIds] = useState('');
  const [reason, setReason] = useState('');
  const filter = { ...filterOf(conditions), ...time('from', from), ...time('to', to) };
  const place = useChange<void>({
    mutationFn: () =>
      post('/v1/holds', { reason, ...(by === 'ids' ? { event_ids: idsOf(ids) } : { filter }) }),
    changes: ['/v1/holds'],
    done: 'The hold stands.',
    onSuccess: onClose,
    inForm: true,
  });
  const fault = (...names: string[]) => faultOf(place.error, ...names);
  return (
    <FormDialog
      open
      wide
      onClose={onClose}
      title="Place a hold"
      action="Place the hold"
      busy={place.isPending}
      error={place.error}
      disabled={by === 'filter' && Object.keys(filter).length === 0}
      onSubmit={() => place.mutate()}
    >
      <TextField
        label="Reason, for the record"
        required
        value={reason}
        onChange={setReason}
        error={fault('reason')}
        hint="Such as the name of the case."
      />
      <SelectField
        label="On"
        value={by}
        onChange={setBy}
        options={[
          { value: 'filter', label: 'Entries by a filter, also those that are recorded later' },
          { value: 'ids', label: 'Entries by their ids' },
        ]}
      />
      {by === 'ids' ? (
        <TextArea
          label="Ids of entries"
          required
          placeholder="evt_…"
          value={ids}
          onChange={setIds}
          error={fault('event_ids')}
          hint="One on a line, up to 1,000."
        />
      ) : (
        <>
          <ConditionsField
            label="Entries where"
            value={conditions}
            onChange={setConditions}
            error={fault('filter')}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label="From" type="datetime-local" value={from} onChange={setFrom} />
            <TextField label="To" type="datetime-local" value={to} onChange={setTo} />
          </div>
        </>
      )}
    </FormDialog>
  );
}
