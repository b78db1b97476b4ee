export { clip, plain, shortId } from '@affidavit/schema';

/** `1234567` as `1,234,567`. */
export const thousands = (count: number): string => count.toLocaleString('en-US');

/** Bytes for a person: `12.3 MB` (powers of 1000). */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), units.length - 1);
  return power === 0 ? `${count} B` : `${(count / 1000 ** power).toFixed(1)} ${units[power]}`;
}
