import { ApiError } from '../../shared/api/client.ts';
import { cx } from '../../shared/ui/cx.ts';
import { CONTROL, Field, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf } from '../../shared/ui/form.tsx';
import { CedarEditor } from './cedar-editor.tsx';
import type { Draft } from './draft.ts';
import { UNITS, type Span, type Unit } from './span.ts';

/** The fields of each kind of policy. */

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  /** What the API says of it. */
  readonly error: unknown;
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const ZONES = Intl.supportedValuesOf('timeZone');

const fault = (error: unknown, name: string) =>
  faultOf(error, `template.${name}`, name)?.replace('template.', '');

function Days({ draft, onChange, error }: FieldsProps) {
  const toggle = (day: string) =>
    onChange({
      days: WEEK.filter((one) => (one === day) !== draft.days.includes(one)),
    });
  const wrong = fault(error, 'days');
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Days</legend>
      <div className="flex flex-wrap gap-1">
        {WEEK.map((day) => (
          <label
            key={day}
            className={cx(
              'min-h-9 cursor-pointer rounded-md border px-2.5 py-1.5 text-sm capitalize has-focus-visible:outline-2 has-focus-visible:outline-accent',
              draft.days.includes(day)
                ? 'border-accent bg-accent-soft font-medium text-accent'
                : 'border-line-strong text-ink-2',
            )}
          >
            <input
              type="checkbox"
              className="sr-only"
              checked={draft.days.includes(day)}
              onChange={() => toggle(day)}
            />
            {day}
          </label>
        ))}
      </div>
      {wrong ? <p className="mt-1 text-xs text-failed">{wrong}</p> : null}
    </fieldset>
  );
}

function TimeWindow(props: FieldsProps) {
  const { draft, onChange, error } = props;
  return (
    <>
      <Days {...props} />
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label="From"
          value={draft.from}
          onChange={(from) => onChange({ from })}
          placeholder="09:00"
          error={fault(error, 'from')}
        />
        <TextField
          label="To"
          value={draft.to}
          onChange={(to) => onChange({ to })}
          placeholder="18:00"
          hint="Before “from”: past midnight"
          error={fault(error, 'to')}
        />
        <TextField
          label="Time zone"
          value={draft.time_zone}
          onChange={(time_zone) => onChange({ time_zone })}
          list="time-zones"
          error={fault(error, 'time_zone')}
        />
        <datalist id="time-zones">
          {ZONES.map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </datalist>
      </div>
    </>
  );
}

interface SpanFieldProps {
  readonly label: string;
  readonly value: Span;
  readonly onChange: (value: Span) => void;
  readonly error?: string | undefined;
}

function SpanField({ label, value, onChange, error }: SpanFieldProps) {
  return (
    <Field label={label} error={error}>
      {(ids) => (
        <div className="flex gap-2">
          <input
            {...ids}
            type="number"
            min={1}
            value={value.amount}
            onChange={(event) => onChange({ ...value, amount: event.target.value })}
            className={cx(CONTROL, 'w-28')}
          />
          <select
            aria-label={`${label}: unit`}
            value={value.unit}
            onChange={(event) => onChange({ ...value, unit: event.target.value as Unit })}
            className={CONTROL}
          >
            {Object.keys(UNITS).map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}

function Rate({ draft, onChange, error }: FieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <TextField
        label="At most"
        type="number"
        min={1}
        value={draft.limit}
        onChange={(limit) => onChange({ limit })}
        hint="calls"
        error={fault(error, 'limit')}
      />
      <SpanField
        label="In any"
        value={draft.window}
        onChange={(window) => onChange({ window })}
        error={fault(error, 'window_seconds')}
      />
      <SelectField
        label="Counted"
        value={draft.per}
        onChange={(per) => onChange({ per })}
        options={[
          { value: '', label: 'all together' },
          { value: 'agent', label: 'for each agent' },
          { value: 'grant', label: 'for each grant' },
          { value: 'principal', label: 'for each person' },
        ]}
      />
    </div>
  );
}

function Methods({ draft, onChange, error }: FieldsProps) {
  return (
    <>
      <TextField
        label="Methods that are allowed"
        value={draft.methods}
        onChange={(methods) => onChange({ methods })}
        placeholder="GET, HEAD"
        hint="Empty: all."
        error={fault(error, 'methods')}
      />
      <TextArea
        label="Paths that are allowed"
        value={draft.paths}
        onChange={(paths) => onChange({ paths })}
        placeholder={'/v1/messages*\n/v1/labels'}
        hint="One to a line; * stands for anything, also for slashes. Empty: all."
        error={fault(error, 'paths')}
        className="font-mono"
      />
    </>
  );
}

export function TemplateFields(props: FieldsProps) {
  const { draft, onChange, error } = props;
  switch (draft.kind) {
    case 'time_window':
      return <TimeWindow {...props} />;
    case 'methods':
      return <Methods {...props} />;
    case 'rate':
      return <Rate {...props} />;
    case 'ip_allowlist':
      return (
        <TextArea
          label="Networks that calls may come from"
          value={draft.cidrs}
          onChange={(cidrs) => onChange({ cidrs })}
          placeholder={'203.0.113.0/24\n2001:db8::/32'}
          hint="One to a line."
          error={fault(error, 'cidrs')}
          className="font-mono"
        />
      );
    case 'scopes':
      return (
        <TextArea
          label="Scopes that may be used"
          value={draft.scopes}
          onChange={(scopes) => onChange({ scopes })}
          placeholder={'mail.read\ncalendar.read'}
          hint="One to a line."
          error={fault(error, 'scopes')}
          className="font-mono"
        />
      );
    case 'ttl':
      return (
        <SpanField
          label="Oldest grant that may be used"
          value={draft.age}
          onChange={(age) => onChange({ age })}
          error={fault(error, 'seconds')}
        />
      );
    case 'approval':
      return (
        <SpanField
          label="Time to approve"
          value={draft.expires}
          onChange={(expires) => onChange({ expires })}
          error={fault(error, 'expires_in_seconds')}
        />
      );
    case 'cedar':
      return <Cedar {...props} />;
  }
}

function Cedar({ draft, onChange, error }: FieldsProps) {
  const position = error instanceof ApiError ? error.problem['position'] : undefined;
  return (
    <CedarEditor
      value={draft.cedar}
      onChange={(cedar) => onChange({ cedar })}
      error={faultOf(error, 'cedar')}
      faultyLine={(position as { line?: number } | undefined)?.line}
    />
  );
}
