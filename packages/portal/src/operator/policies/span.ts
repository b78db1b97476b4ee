/** Spans of time as people give them: a number and a unit. */

export const UNITS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

export interface Span {
  readonly amount: string;
  readonly unit: Unit;
}

const ORDER = ['days', 'hours', 'minutes', 'seconds'] as const;

/** In the largest unit that has it whole. */
export function toSpan(seconds: number): Span {
  const unit = ORDER.find((one) => seconds % UNITS[one] === 0) ?? 'seconds';
  return { amount: String(seconds / UNITS[unit]), unit };
}

/** NaN where it is no number. */
export const toSeconds = ({ amount, unit }: Span): number =>
  amount.trim() === '' ? Number.NaN : Number(amount) * UNITS[unit];

/** `90 minutes`, `1 day`. */
export function spanInWords(seconds: number): string {
  const { amount, unit } = toSpan(seconds);
  return amount === '1' ? `1 ${unit.slice(0, -1)}` : `${amount} ${unit}`;
}
