/** Times as people read them; the exact one is always at hand in a title. */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `2 minutes ago`, `in 3 days`. */
export function ago(time: string | number, now: number = Date.now()): string {
  const distance = new Date(time).getTime() - now;
  const size = Math.abs(distance);
  if (size < 45_000) return distance <= 0 ? 'just now' : 'in a moment';
  if (size < HOUR_MS) return relative.format(Math.round(distance / MINUTE_MS), 'minute');
  if (size < DAY_MS) return relative.format(Math.round(distance / HOUR_MS), 'hour');
  if (size < 30 * DAY_MS) return relative.format(Math.round(distance / DAY_MS), 'day');
  if (size < 365 * DAY_MS) return relative.format(Math.round(distance / (30 * DAY_MS)), 'month');
  return relative.format(Math.round(distance / (365 * DAY_MS)), 'year');
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const withYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `14:02:11.031`, in the zone of the reader. */
export const clockTime = (time: string | number): string => clock.format(new Date(time));

/** `3 Nov, 14:02:11`; with the year where it is another one. */
export function shortTime(time: string | number, now: number = Date.now()): string {
  const date = new Date(time);
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? dayAndTime : withYear).format(date);
}

/** `2026-11-21 14:02:11.031 UTC`: for titles, and wherever it must be exact. */
export const exactTime = (time: string | number): string =>
  `${new Date(time).toISOString().replace('T', ' ').slice(0, -1)} UTC`;

/** `31 ms`, `1.2 s`, `3 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1).replace(/\.0$/, '')} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE_MS) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < HOUR_MS) return `${Math.round(milliseconds / MINUTE_MS)} min`;
  if (milliseconds < 2 * DAY_MS) return `${Math.round(milliseconds / HOUR_MS)} h`;
  return `${Math.round(milliseconds / DAY_MS)} days`;
}
