import { useList } from '../../shared/api/queries.ts';
import { CheckField, SelectField, TextField } from '../../shared/ui/field.tsx';
import { faultOf } from '../../shared/ui/form.tsx';
import { ConditionsField } from '../conditions/conditions-field.tsx';
import { CONDITION_NAMES } from '../conditions/conditions.ts';
import { isLevel, KIND_NAMES, type Kind, type Severity } from './monitor.ts';
import type { Draft } from './monitor-draft.ts';
import { ScheduleFields } from './schedule-fields.tsx';

const KINDS = Object.entries(KIND_NAMES).map(([value, label]) => ({ value, label }));
const FIELDS = CONDITION_NAMES.filter((name) => name !== 'q').map((value) => ({
  value,
  label: value,
}));
const UNITS = [
  { value: '1', label: 'seconds' },
  { value: '60', label: 'minutes' },
  { value: '3600', label: 'hours' },
  { value: '86400', label: 'days' },
];
const SEVERITIES = [
  { value: 'P1', label: 'P1, critical' },
  { value: 'P2', label: 'P2, high' },
  { value: 'P3', label: 'P3, medium' },
  { value: 'P4', label: 'P4, low' },
  { value: 'P5', label: 'P5, for information' },
];

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly error: unknown;
}

/** What a monitor asks for, by its kind. */
export function MonitorFields({ draft, onChange, error }: FieldsProps) {
  const { kind } = draft;
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <>
      <TextField
        label="Name"
        required
        maxLength={128}
        value={draft.name}
        onChange={(name) => set({ name })}
        error={faultOf(error, 'name')}
      />
      <SelectField
        label="Watch for"
        value={kind}
        onChange={(next) => set({ kind: next as Kind })}
        options={KINDS}
        error={faultOf(error, 'kind')}
      />
      {isLevel(kind) ? null : (
        <ConditionsField
          label="Only entries where"
          value={draft.conditions}
          onChange={(conditions) => set({ conditions })}
          error={faultOf(error, 'filter')}
        />
      )}
      {kind === 'new_value' ? (
        <SelectField
          label="Field whose values are watched"
          value={draft.field || 'provider'}
          onChange={(field) => set({ field })}
          options={FIELDS}
          error={faultOf(error, 'field')}
        />
      ) : null}
      {isLevel(kind) ? null : (
        <SelectField
          label="By each"
          value={draft.group_by}
          onChange={(group_by) => set({ group_by })}
          options={[{ value: '', label: 'All together' }, ...FIELDS]}
          error={faultOf(error, 'group_by')}
          hint="Each value of this field is counted by itself."
        />
      )}
      <HowMuch draft={draft} onChange={onChange} error={error} />
      {kind === 'outside_hours' ? (
        <ScheduleFields
          value={draft.schedule}
          onChange={(schedule) => set({ schedule })}
          error={error}
        />
      ) : null}
      <Notify draft={draft} onChange={onChange} error={error} />
      <CheckField
        label="It watches"
        checked={draft.enabled}
        onChange={(enabled) => set({ enabled })}
      />
    </>
  );
}

/** More than how many, within how long, and how bad that is. */
function HowMuch({ draft, onChange, error }: FieldsProps) {
  const { kind } = draft;
  const isCounted = kind !== 'new_value' && kind !== 'absence';
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
      {isCounted ? (
        <TextField
          label="More than"
          type="number"
          min={0}
          max={1000}
          required
          value={draft.threshold}
          onChange={(threshold) => set({ threshold })}
          error={faultOf(error, 'threshold')}
        />
      ) : null}
      <TextField
        label={isLevel(kind) || kind === 'absence' ? 'For' : 'Within'}
        type="number"
        min={1}
        required
        value={draft.window}
        onChange={(window) => set({ window })}
        error={faultOf(error, 'window_seconds')}
      />
      <SelectField
        label="Unit"
        value={draft.unit}
        onChange={(unit) => set({ unit })}
        options={UNITS}
      />
      <SelectField
        label="How bad it is"
        value={draft.severity}
        onChange={(severity) => set({ severity: severity as Severity })}
        options={SEVERITIES}
      />
    </div>
  );
}

interface Named {
  readonly destination_id: string;
  readonly name: string;
}

/** Destinations that must get the alarms. */
function Notify({ draft, onChange, error }: FieldsProps) {
  const { notify } = draft;
  const destinations = useList<Named>('/v1/destinations');
  const fault = faultOf(error, 'notify');
  if (destinations.rows.length === 0) return null;
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">These must get the alarms</legend>
      <div className="grid gap-1.5 sm:grid-cols-2">
        {destinations.rows.map(({ destination_id: id, name }) => (
          <CheckField
            key={id}
            label={name}
            checked={notify.includes(id)}
            onChange={(checked) =>
              onChange({
                ...draft,
                notify: checked ? [...notify, id] : notify.filter((one) => one !== id),
              })
            }
          />
        ))}
      </div>
      <p className={`mt-1 text-xs ${fault ? 'text-failed' : 'text-ink-3'}`}>
        {fault ?? 'Refused where the filter of a destination would hold them back.'}
      </p>
    </fieldset>
  );
}
