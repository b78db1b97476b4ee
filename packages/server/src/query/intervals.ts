/** Lengths of time that figures are counted by. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** 1970-01-05, where weeks are counted from; all else begins with 1970. */
const FIRST_MONDAY = 4 * DAY;

/** By the names that can be asked for. */
export const INTERVALS_MS = {
  second: SECOND,
  '10seconds': 10 * SECOND,
  minute: MINUTE,
  '5minutes': 5 * MINUTE,
  '15minutes': 15 * MINUTE,
  hour: HOUR,
  '6hours': 6 * HOUR,
  day: DAY,
  week: WEEK,
} as const;
export type Interval = keyof typeof INTERVALS_MS;

/** Those that are chosen where none is asked for: a person can read an axis of them. */
const ROUND_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2].map((count) => count * DAY),
  ...[1, 2, 4, 13, 52].map((count) => count * WEEK),
];
const YEAR = 52 * WEEK;

/** The interval in which a time lies begins here, in UTC; weeks begin on Mondays. */
export function startOf(time: number, interval_ms: number): number {
  const origin = interval_ms % WEEK === 0 ? FIRST_MONDAY : 0;
  return Math.floor((time - origin) / interval_ms) * interval_ms + origin;
}

/** How many intervals the times from `first` to `end`, which is exclusive, touch. */
export function intervalsIn(first: number, end: number, interval_ms: number): number {
  return (startOf(end - 1, interval_ms) - startOf(first, interval_ms)) / interval_ms + 1;
}

/** The shortest round interval of which no more than `most`, at least two, are touched. */
export function roundInterval(first: number, end: number, most: number): number {
  const found = ROUND_MS.find((one) => intervalsIn(first, end, one) <= most);
  if (found !== undefined) return found;
  // One more than fit side by side, because the first and the last may be cut.
  return Math.ceil((end - first) / (most - 1) / YEAR) * YEAR;
}
