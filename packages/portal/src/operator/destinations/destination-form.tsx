import { useState, type ReactNode } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf, FormDialog } from '../../shared/ui/form.tsx';
import { ConditionsField } from '../conditions/conditions-field.tsx';
import { conditionsOf, filterOf } from '../conditions/conditions.ts';
import { BATCH_FIELDS, CONFIG_FIELDS } from './config-fields.ts';
import { ConfigFields } from './config-fields-view.tsx';
import { changesOf, configOf, valuesOf } from './config-values.ts';
import { TYPE_ABOUTS, TYPE_NAMES, TYPES, type Destination } from './destination.ts';
import type { DestinationType } from './destination.ts';

const PATH = '/v1/destinations';

function useDraft(type: DestinationType, old?: Destination) {
  const [name, setName] = useState(old?.name ?? '');
  const [values, setValues] = useState(() => valuesOf(CONFIG_FIELDS[type], old?.config));
  const [batch, setBatch] = useState(() => valuesOf(BATCH_FIELDS, old?.batch ?? {}));
  const [conditions, setConditions] = useState(() => conditionsOf(old?.filter ?? {}));
  return { name, setName, values, setValues, batch, setBatch, conditions, setConditions };
}

interface FieldsProps {
  readonly type: DestinationType;
  readonly draft: ReturnType<typeof useDraft>;
  readonly error: unknown;
  readonly isEdit: boolean;
  readonly children?: ReactNode;
}

function Fields({ type, draft, error, isEdit, children }: FieldsProps) {
  const { name, setName, values, setValues, batch, setBatch, conditions, setConditions } = draft;
  return (
    <>
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        maxLength={128}
        placeholder={TYPE_NAMES[type]}
        error={faultOf(error, 'name')}
      />
      <ConfigFields
        fields={CONFIG_FIELDS[type]}
        values={values}
        onChange={setValues}
        error={error}
        path="config"
        isEdit={isEdit}
      />
      {children}
      <ConditionsField
        label="Only entries where"
        value={conditions}
        onChange={setConditions}
        error={faultOf(error, 'filter')}
        hint="Without conditions all entries are delivered. Values of one field are alternatives; event_type may end in *."
      />
      <details>
        <summary className="cursor-pointer text-sm font-medium">How much at once</summary>
        <div className="mt-3 grid gap-4 sm:grid-cols-2">
          <ConfigFields
            fields={BATCH_FIELDS}
            values={batch}
            onChange={setBatch}
            error={error}
            path="batch"
            isEdit={isEdit}
          />
        </div>
      </details>
    </>
  );
}

interface NewProps {
  readonly type: DestinationType;
  readonly onType: (type: DestinationType) => void;
  readonly onClose: () => void;
  readonly onMade: (made: Destination) => void;
}

/** A new destination. What was typed for one type is not kept for another: give it `key={type}`. */
export function NewDestination({ type, onType, onClose, onMade }: NewProps) {
  const draft = useDraft(type);
  const [start, setStart] = useState('now');
  const [place, setPlace] = useState('');
  const create = useChange<object, Destination>({
    mutationFn: (body) => post(PATH, body),
    changes: [PATH],
    done: ({ name }) => `${name} is set up.`,
    onSuccess: onMade,
    inForm: true,
  });
  const body = {
    type,
    ...(draft.name.trim() === '' ? {} : { name: draft.name }),
    config: configOf(CONFIG_FIELDS[type], draft.values),
    filter: filterOf(draft.conditions),
    batch: configOf(BATCH_FIELDS, draft.batch),
    start: start === 'place' ? Number(place) : start,
  };
  return (
    <FormDialog
      open
      wide
      onClose={onClose}
      title="Add a destination"
      description="Entries are delivered in order, and at least once."
      action="Add the destination"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate(body)}
    >
      <SelectField
        label="Type"
        value={type}
        onChange={(next) => onType(next as DestinationType)}
        options={TYPES.map((value) => ({ value, label: TYPE_NAMES[value] }))}
        hint={TYPE_ABOUTS[type]}
      />
      <Fields type={type} draft={draft} error={create.error} isEdit={false}>
        <StartFields
          start={start}
          onStart={setStart}
          place={place}
          onPlace={setPlace}
          error={faultOf(create.error, 'start')}
        />
      </Fields>
    </FormDialog>
  );
}

interface StartProps {
  readonly start: string;
  readonly onStart: (start: string) => void;
  readonly place: string;
  readonly onPlace: (place: string) => void;
  readonly error: string | undefined;
}

function StartFields({ start, onStart, place, onPlace, error }: StartProps) {
  return (
    <>
      <SelectField
        label="Begin with"
        value={start}
        onChange={onStart}
        error={start === 'place' ? undefined : error}
        options={[
          { value: 'now', label: 'What is recorded from now on' },
          { value: 'beginning', label: 'The oldest entry that is kept' },
          { value: 'place', label: 'An entry by its number' },
        ]}
        hint="A long history is sent beside what is new."
      />
      {start === 'place' ? (
        <TextField
          label="Number of the first entry (seq)"
          type="number"
          min={0}
          required
          value={place}
          onChange={onPlace}
          error={error}
        />
      ) : null}
    </>
  );
}

const OVERLAPS = [
  { value: '0', label: 'Not at all' },
  { value: '3600', label: 'For an hour' },
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
];

interface EditProps {
  readonly old: Destination;
  readonly onClose: () => void;
}

export function EditDestination({ old, onClose }: EditProps) {
  const { type, destination_id } = old;
  const draft = useDraft(type, old);
  const [overlap, setOverlap] = useState('86400');
  const change = useChange<object>({
    mutationFn: (body) => call('PATCH', `${PATH}/${destination_id}`, { body }),
    changes: [PATH],
    done: 'The destination was changed.',
    onSuccess: onClose,
    inForm: true,
  });
  const config = changesOf(CONFIG_FIELDS[type], old.config, draft.values);
  const filter = filterOf(draft.conditions);
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(old.filter);
  const batch = configOf(BATCH_FIELDS, draft.batch);
  const isPaced = Object.keys(changesOf(BATCH_FIELDS, old.batch, draft.batch)).length > 0;
  const isRotated = 'secret' in config;
  const body = {
    ...(draft.name.trim() === old.name ? {} : { name: draft.name }),
    ...(Object.keys(config).length === 0 ? {} : { config }),
    ...(isFiltered ? { filter } : {}),
    ...(isPaced ? { batch } : {}),
    ...(isRotated ? { overlap_seconds: Number(overlap) } : {}),
  };
  return (
    <FormDialog
      open
      wide
      onClose={onClose}
      title={`Change ${old.name}`}
      description="What the server paused goes on when its setup is changed."
      action="Save"
      busy={change.isPending}
      error={change.error}
      disabled={Object.keys(body).length === 0}
      onSubmit={() => change.mutate(body)}
    >
      <Fields type={type} draft={draft} error={change.error} isEdit>
        {isRotated ? (
          <SelectField
            label="Sign with the old secret too"
            value={overlap}
            onChange={setOverlap}
            options={OVERLAPS}
          />
        ) : null}
      </Fields>
    </FormDialog>
  );
}
