import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { plural } from '../../shared/format/number.ts';
import { inWords } from '../../shared/ui/badge.tsx';
import { CheckField, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { idsOf } from './choices.ts';

const PARTS = ['envelope', 'request_body', 'response_body', 'args', 'result'] as const;

interface EraseProps {
  readonly principal: string;
  readonly onClose: () => void;
}

interface Asked {
  readonly state: string;
  readonly erased: number;
}

const saidOf = ({ state, erased }: Asked) =>
  state === 'done'
    ? `${plural(erased, 'entry', 'entries')} erased.`
    : 'The erasure is under way; the list shows how far it is.';

export function Erase({ principal, onClose }: EraseProps) {
  const [by, setBy] = useState('principal');
  const [person, setPerson] = useState(principal);
  const [ids, setIds] = useState('');
  const [parts, setParts] = useState<readonly string[]>(PARTS);
  const [reason, setReason] = useState('');
  const [isSure, setSure] = useState(false);
  const erase = useChange<void, Asked>({
    mutationFn: () =>
      post('/v1/erasures', {
        reason,
        ...(by === 'ids' ? { event_ids: idsOf(ids) } : { principal_id: person.trim() }),
        ...(parts.length === PARTS.length ? {} : { parts }),
      }),
    changes: ['/v1/erasures'],
    done: saidOf,
    onSuccess: onClose,
    inForm: true,
  });
  const fault = (...names: string[]) => faultOf(erase.error, ...names);
  return (
    <FormDialog
      open
      onClose={onClose}
      title="Erase"
      description="Contents go for good, with the random values that would prove what they were. What is on hold stands in the way."
      action="Erase for good"
      busy={erase.isPending}
      error={erase.error}
      disabled={!isSure || parts.length === 0}
      onSubmit={() => erase.mutate()}
    >
      <SelectField
        label="What"
        value={by}
        onChange={setBy}
        options={[
          { value: 'principal', label: 'All entries of a person' },
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
        <TextField
          label="Id of the person"
          required
          value={person}
          onChange={setPerson}
          error={fault('principal_id')}
        />
      )}
      <PartFields parts={parts} onChange={setParts} />
      <TextField
        label="Reason, for the record"
        required
        value={reason}
        onChange={setReason}
        error={fault('reason')}
      />
      <CheckField label="I know that this cannot be undone." checked={isSure} onChange={setSure} />
    </FormDialog>
  );
}

interface PartsProps {
  readonly parts: readonly string[];
  readonly onChange: (parts: readonly string[]) => void;
}

function PartFields({ parts, onChange }: PartsProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Parts</legend>
      <div className="grid gap-1.5 sm:grid-cols-2">
        {PARTS.map((part) => (
          <CheckField
            key={part}
            label={part === 'envelope' ? 'envelope: who, for whom, what, why' : inWords(part)}
            checked={parts.includes(part)}
            onChange={(checked) =>
              onChange(checked ? [...parts, part] : parts.filter((one) => one !== part))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
