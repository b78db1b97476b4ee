/** Wall-clock time in a time zone, with its daylight saving, from the runtime's zone database. */
import { WEEKDAYS } from '@affidavit/schema';
import type { Weekday } from '@affidavit/schema';

export interface LocalTime {
  readonly weekday: Weekday;
  /** Minutes since local midnight by the wall clock, 0 to 1439. */
  readonly minute: number;
}

/** Zones are bounded by the runtime's zone names, which are the only ones that get in. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(zone, made);
  return made;
}

/** The time there. Throws RangeError for an unknown zone or an invalid date. */
export function localTime(zone: string, now: Date): LocalTime {
  const parts = { weekday: '', hour: '', minute: '' };
  for (const { type, value } of formatFor(zone).formatToParts(now)) {
    if (type === 'weekday' || type === 'hour' || type === 'minute') parts[type] = value;
  }
  const weekday = WEEKDAYS.find((day) => day === parts.weekday.toLowerCase());
  if (weekday === undefined) throw new RangeError(`no weekday for ${zone}`);
  return { weekday, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** `HH:MM` as minutes since midnight; 24:00 is 1440. */
export function minuteOfDay(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

/** Minutes since midnight as `HH:MM`. */
export function clockText(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
