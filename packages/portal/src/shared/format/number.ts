const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** `12,345`. */
export const count = (value: number): string => whole.format(value);
/** `12.3K`: where there is little room; the exact one belongs in a title. */
export const short = (value: number): string => compact.format(value);
/** `0.5%`, from a share of 1. */
export const share = (value: number): string => percent.format(value);
/** `1 entry`, `2 entries`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
