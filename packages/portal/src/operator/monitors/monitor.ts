import { plural } from '../../shared/format/number.ts';
import type { Tone } from '../../shared/ui/badge.tsx';
import { filterInWords, type Filter } from '../conditions/conditions.ts';

/** Monitors as the API shows them, and in a sentence. */

export type Kind =
  | 'count'
  | 'new_value'
  | 'absence'
  | 'outside_hours'
  | 'open_intents'
  | 'destination_lag';

export type Severity = 'P1' | 'P2' | 'P3' | 'P4' | 'P5';

export interface Schedule {
  readonly days: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
}

export interface Rule {
  readonly name: string;
  readonly filter: Filter;
  readonly kind: Kind;
  readonly group_by?: string | null;
  readonly field?: string | null;
  readonly threshold: number;
  readonly window_seconds: number;
  readonly severity: Severity;
  readonly schedule?: Schedule | null;
  readonly notify: readonly string[];
  readonly enabled: boolean;
}

export interface Template extends Rule {
  readonly template: string;
}

export interface Alarm {
  readonly alarm_id: string;
  readonly group: Readonly<Record<string, string>>;
  readonly raised_at: string;
  readonly count?: number;
}

export interface Monitor extends Rule {
  readonly monitor_id: string;
  readonly state: 'ok' | 'raised';
  readonly since_at?: string;
  readonly alarms: readonly Alarm[];
  /** Entries that it has not looked at yet. */
  readonly lag_entries: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface PreviewAlarm {
  readonly raised_at: string;
  readonly resolved_at: string | null;
  readonly group: Readonly<Record<string, string>>;
  readonly count: number;
  readonly event_ids: readonly string[];
}

export interface Preview {
  readonly from: string;
  readonly to: string;
  /** False where time was up before all was looked at. */
  readonly complete: boolean;
  readonly matched: number;
  readonly alarms: readonly PreviewAlarm[];
}

/** Told by the state of the server: no filter, and no preview of the past. */
export const isLevel = (kind: Kind): boolean =>
  kind === 'open_intents' || kind === 'destination_lag';

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  count: 'More than so many entries',
  new_value: 'Something for the first time',
  absence: 'Silence',
  outside_hours: 'Entries outside of hours',
  open_intents: 'Calls without an outcome',
  destination_lag: 'A destination behind',
};

const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = {
  P1: 'failed',
  P2: 'failed',
  P3: 'refused',
  P4: 'open',
  P5: 'neutral',
};

export const severityTone = (severity: Severity): Tone => SEVERITY_TONES[severity];

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const;

/** `15 minutes`, `an hour`, `a day`; what is not whole in a unit is told in a smaller one. */
export function windowInWords(seconds: number): string {
  const unit = UNITS.find(([size]) => seconds % size === 0);
  if (!unit) return plural(seconds, 'second');
  const [size, name] = unit;
  const many = seconds / size;
  if (many > 1) return plural(many, name);
  return name === 'hour' ? 'an hour' : `a ${name}`;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** `mon–fri`, where they follow each other. */
function daysInWords(days: readonly string[]): string {
  const places = days.map((day) => DAYS.indexOf(day)).toSorted((a, b) => a - b);
  const [first = 0] = places;
  const isRow = places.length > 2 && places.every((place, index) => place === first + index);
  const names = places.map((place) => DAYS[place] ?? '');
  return isRow ? `${names[0]}–${names.at(-1)}` : names.join(', ');
}

const hoursInWords = ({ days, from, to, time_zone }: Schedule): string =>
  `${daysInWords(days)} ${from}–${to} (${time_zone})`;

const than = (threshold: number) => (threshold === 0 ? 'any' : `more than ${threshold}`);
const entries = (threshold: number) => (threshold === 1 ? 'entry' : 'entries');

/** What it watches for, as one would say it. */
export function ruleInWords(rule: Rule): string {
  const { kind, threshold, window_seconds, group_by, field, schedule } = rule;
  const window = windowInWords(window_seconds);
  const filter = filterInWords(rule.filter);
  const where = filter === '' ? '' : ` where ${filter}`;
  const each = group_by ? ` by one ${group_by}` : '';
  switch (kind) {
    case 'count':
      return `Raised when there are ${than(threshold)} ${entries(threshold)}${where}${each} within ${window}.`;
    case 'new_value':
      return `Raised when ${group_by ? `one ${group_by} has` : 'an entry has'} a ${field ?? 'value'} that was not seen for ${window}${filter === '' ? '' : `, in entries${where}`}.`;
    case 'absence':
      return `Raised when ${group_by ? `one ${group_by} was` : 'there was something'}${group_by ? ' active' : ''} and then nothing came for ${window}${filter === '' ? '' : `, of entries${where}`}.`;
    case 'outside_hours':
      return `Raised when there are ${than(threshold)} ${entries(threshold)}${where}${each} within ${window}, outside of ${schedule ? hoursInWords(schedule) : 'hours'}.`;
    case 'open_intents':
      return `Raised when ${than(threshold)} ${threshold === 1 ? 'call has' : 'calls have'} had no outcome for ${window}.`;
    case 'destination_lag':
      return `Raised when a destination has ${than(threshold)} ${entries(threshold)} to deliver, the oldest for longer than ${window}.`;
  }
}

/** `agent_id agt_…`; empty where a monitor does not count by a field. */
export const groupInWords = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
