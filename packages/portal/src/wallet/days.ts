/** Things by the day on which they were, in the zone of the reader. */

const DAY_MS = 86_400_000;

const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const clockOf = (time: string): string => clock.format(new Date(time));

/** `Today`, `Yesterday`, `Friday 20 November`; with the year where it is another one. */
function dayName(time: string, now: number = Date.now()): string {
  const date = new Date(time);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return 'Today';
  if (date.toDateString() === new Date(now - DAY_MS).toDateString()) return 'Yesterday';
  return (date.getFullYear() === today.getFullYear() ? day : dayOfYear).format(date);
}

export interface Day<T> {
  readonly name: string;
  readonly rows: readonly T[];
}

/** Rows come in the order of their times. */
export function byDay<T extends { readonly created_at: string }>(
  rows: readonly T[],
  now: number = Date.now(),
): Day<T>[] {
  const days: { name: string; rows: T[] }[] = [];
  for (const row of rows) {
    const name = dayName(row.created_at, now);
    if (days.at(-1)?.name === name) days.at(-1)?.rows.push(row);
    else days.push({ name, rows: [row] });
  }
  return days;
}

/** The beginning of a day of a date field, and of the day after it; undefined for none. */
export function dayStart(date: string | undefined, later = 0): string | undefined {
  const [year, month, day] = (date ?? '').split('-').map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const start = new Date(year, month - 1, day + later);
  return Number.isNaN(start.getTime()) ? undefined : start.toISOString();
}
