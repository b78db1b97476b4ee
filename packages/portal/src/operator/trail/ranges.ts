import { one, type Search } from '../search.ts';

/** Ranges of time: `range=1h` counts back from now, `from` and `to` are fixed. */

export interface Range {
  readonly value: string;
  readonly label: string;
  readonly ms: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const RANGES: readonly Range[] = [
  { value: '15m', label: 'Last 15 minutes', ms: 15 * MINUTE_MS },
  { value: '1h', label: 'Last hour', ms: HOUR_MS },
  { value: '24h', label: 'Last 24 hours', ms: DAY_MS },
  { value: '7d', label: 'Last 7 days', ms: 7 * DAY_MS },
  { value: '30d', label: 'Last 30 days', ms: 30 * DAY_MS },
];

/** Whole minutes, so that what is asked again soon is the same question. */
export function rangeOf(search: Search, now: number): { from?: string; to?: string } {
  const range = RANGES.find(({ value }) => value === one(search, 'range'));
  if (range) {
    const from = Math.floor((now - range.ms) / MINUTE_MS) * MINUTE_MS;
    return { from: new Date(from).toISOString() };
  }
  const from = one(search, 'from');
  const to = one(search, 'to');
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** What `datetime-local` fields hold, in the zone of the reader; empty for what is no time. */
export function toLocal(time: string | undefined): string {
  const date = new Date(time ?? '');
  if (Number.isNaN(date.getTime())) return '';
  const local = new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS);
  return local.toISOString().slice(0, 19);
}

/** ISO 8601 in UTC of what stands in such a field; undefined where nothing does. */
export function fromLocal(text: string): string | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
