import { CheckField, TextField } from '../../shared/ui/field.tsx';
import { faultOf } from '../../shared/ui/form.tsx';
import type { Schedule } from './monitor.ts';

const DAYS = [
  ['mon', 'Monday'],
  ['tue', 'Tuesday'],
  ['wed', 'Wednesday'],
  ['thu', 'Thursday'],
  ['fri', 'Friday'],
  ['sat', 'Saturday'],
  ['sun', 'Sunday'],
] as const;

interface ScheduleProps {
  readonly value: Schedule;
  readonly onChange: (value: Schedule) => void;
  readonly error: unknown;
}

/** Hours that are as they should be; what comes outside of them is watched for. */
export function ScheduleFields({ value, onChange, error }: ScheduleProps) {
  const { days } = value;
  const toggle = (day: string, checked: boolean) => {
    const names = DAYS.map(([name]) => name as string);
    const next = names.filter((name) => (name === day ? checked : days.includes(name)));
    onChange({ ...value, days: next });
  };
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Hours that are fine</legend>
      <div className="mb-3 flex flex-wrap gap-x-4 gap-y-1.5">
        {DAYS.map(([day, label]) => (
          <CheckField
            key={day}
            label={label}
            checked={days.includes(day)}
            onChange={(checked) => toggle(day, checked)}
          />
        ))}
      </div>
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label="From"
          type="time"
          required
          value={value.from}
          onChange={(from) => onChange({ ...value, from })}
          error={faultOf(error, 'schedule.from')}
        />
        <TextField
          label="To"
          type="time"
          required
          value={value.to}
          onChange={(to) => onChange({ ...value, to })}
          error={faultOf(error, 'schedule.to')}
        />
        <TextField
          label="Time zone"
          required
          value={value.time_zone}
          onChange={(time_zone) => onChange({ ...value, time_zone })}
          error={faultOf(error, 'schedule.time_zone', 'schedule.days')}
          placeholder="Europe/Berlin"
        />
      </div>
    </fieldset>
  );
}
