import { plain } from '@affidavit/schema/plain';
import { Plus, X } from 'lucide-react';
import { useId, useState } from 'react';

import { useGet } from '../../shared/api/queries.ts';
import { Button, IconButton } from '../../shared/ui/button.tsx';
import { CONTROL } from '../../shared/ui/field.tsx';
import { FACETS, type FacetAnswer } from '../trail/facet-fields.ts';
import { CONDITION_NAMES, type Condition } from './conditions.ts';

interface ConditionsFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly value: readonly Condition[];
  readonly onChange: (value: readonly Condition[]) => void;
}

/** A filter, row by row. */
export function ConditionsField({ label, hint, error, value, onChange }: ConditionsFieldProps) {
  const id = useId();
  const change = (index: number, row: Condition) => onChange(value.with(index, row));
  return (
    <fieldset aria-describedby={`${id}-about`}>
      <legend className="mb-1 text-sm font-medium">{label}</legend>
      <div className="flex flex-col gap-2">
        {value.map((row, index) => (
          <ConditionRow
            key={index}
            row={row}
            number={index + 1}
            onChange={(next) => change(index, next)}
            onRemove={() => onChange(value.toSpliced(index, 1))}
          />
        ))}
        <div>
          <Button onClick={() => onChange([...value, { name: 'event_type', value: '' }])}>
            <Plus /> Add a condition
          </Button>
        </div>
      </div>
      <p id={`${id}-about`} className={`mt-1 text-xs ${error ? 'text-failed' : 'text-ink-3'}`}>
        {error ??
          hint ??
          'All fields must fit; of the values of one field any. event_type may end in *.'}
      </p>
    </fieldset>
  );
}

interface RowProps {
  readonly row: Condition;
  readonly number: number;
  readonly onChange: (row: Condition) => void;
  readonly onRemove: () => void;
}

function ConditionRow({ row, number, onChange, onRemove }: RowProps) {
  const [isAsked, setAsked] = useState(false);
  const id = useId();
  return (
    <div className="flex items-center gap-2">
      <select
        aria-label={`Field of condition ${number}`}
        value={row.name}
        onChange={(event) => onChange({ ...row, name: event.target.value })}
        className={`${CONTROL} w-2/5`}
      >
        {CONDITION_NAMES.map((name) => (
          <option key={name} value={name}>
            {name === 'q' ? 'any text (q)' : name}
          </option>
        ))}
      </select>
      <input
        aria-label={`Value of condition ${number}`}
        value={row.value}
        required
        maxLength={1024}
        list={id}
        onFocus={() => setAsked(true)}
        onChange={(event) => onChange({ ...row, value: event.target.value })}
        className={CONTROL}
      />
      {isAsked ? <Values id={id} field={row.name} /> : null}
      <IconButton label={`Remove condition ${number}`} onClick={onRemove}>
        <X />
      </IconButton>
    </div>
  );
}

const VALUES_MAX = 100;

/** Values of the field that there are, to choose from. */
function Values({ id, field }: { readonly id: string; readonly field: string }) {
  const { data } = useGet<FacetAnswer>(
    '/v1/events/facets',
    { field, limit: VALUES_MAX },
    { enabled: FACETS.some((facet) => facet.field === field) },
  );
  return (
    <datalist id={id}>
      {data?.data.map(({ value }) => (
        <option key={String(value)} value={String(value)}>
          {plain(value)}
        </option>
      ))}
    </datalist>
  );
}
