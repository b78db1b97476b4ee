import { one, type Search } from '../search.ts';

/** Which time a page is about: so much until now, or from one moment to another. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Preset {
  /** As it stands in the address: `range=24h`. */
  readonly value: string;
  readonly label: string;
  readonly length_ms: number;
  /** What its beginning is rounded to, so that pages that refresh ask the same for a while. */
  readonly step_ms: number;
}

export const PRESETS: readonly Preset[] = [
  { value: '15m', label: 'Last 15 minutes', length_ms: 15 * MINUTE_MS, step_ms: MINUTE_MS },
  { value: '1h', label: 'Last hour', length_ms: HOUR_MS, step_ms: MINUTE_MS },
  { value: '24h', label: 'Last 24 hours', length_ms: DAY_MS, step_ms: 10 * MINUTE_MS },
  { value: '7d', label: 'Last 7 days', length_ms: 7 * DAY_MS, step_ms: HOUR_MS },
  { value: '30d', label: 'Last 30 days', length_ms: 30 * DAY_MS, step_ms: HOUR_MS },
];

export const EVER = 'all';
export const CUSTOM = 'custom';

/** What the API is asked with; neither is there for all time. */
export interface Period {
  readonly from?: string;
  readonly to?: string;
}

/** `from` and `to` of the address win over `range`; without any it is `preset`. */
export function periodOf(search: Search, preset: string, now: number = Date.now()): Period {
  const from = one(search, 'from');
  const to = one(search, 'to');
  if (from !== undefined || to !== undefined) {
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }
  const wanted = one(search, 'range') ?? preset;
  const found = PRESETS.find(({ value }) => value === wanted);
  if (!found) return {};
  const start = Math.floor((now - found.length_ms) / found.step_ms) * found.step_ms;
  return { from: new Date(start).toISOString() };
}

/** The choice that the address shows. */
export function choiceOf(search: Search, preset: string): string {
  if (one(search, 'from') !== undefined || one(search, 'to') !== undefined) return CUSTOM;
  const wanted = one(search, 'range') ?? preset;
  return PRESETS.some(({ value }) => value === wanted) ? wanted : EVER;
}

export type Interval = '10seconds' | 'minute' | 'hour' | '6hours' | 'day';

export const INTERVALS_MS: Readonly<Record<Interval, number>> = {
  '10seconds': 10_000,
  minute: MINUTE_MS,
  hour: HOUR_MS,
  '6hours': 6 * HOUR_MS,
  day: DAY_MS,
};

/** How finely a period is drawn: some dozens of points. */
export function intervalOf({ from, to }: Period, now: number = Date.now()): Interval {
  if (from === undefined) return 'day';
  const length = (to === undefined ? now : Date.parse(to)) - Date.parse(from);
  if (length <= 10 * MINUTE_MS) return '10seconds';
  if (length <= 3 * HOUR_MS) return 'minute';
  if (length <= 2 * DAY_MS) return 'hour';
  return length <= 8 * DAY_MS ? '6hours' : 'day';
}

/** A moment as `<input type="datetime-local">` has it, in the zone of the reader; and back. */
export function toLocalInput(time: string | undefined): string {
  const date = new Date(time ?? NaN);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 19);
}

export function fromLocalInput(text: string): string | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
