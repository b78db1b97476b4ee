import { clip, plain } from './plain.ts';
import type { Style } from './style.ts';

/** Rows under a heading, in columns that keep their width from the first row to the last. */

export interface Column<T> {
  readonly title: string;
  readonly width: number;
  readonly value: (row: T) => unknown;
  readonly paint?: (shown: string, row: T, style: Style) => string;
}

const cell = (text: string, width: number): string => {
  const clipped = clip(text, width);
  return clipped + ' '.repeat(Math.max(0, width - [...clipped].length));
};

export function heading<T>(columns: readonly Column<T>[], style: Style): string {
  const titles = columns.map(({ title, width }) => cell(title, width));
  return style.bold(titles.join('  ').trimEnd());
}

export function tableRow<T>(columns: readonly Column<T>[], row: T, style: Style): string {
  const cells = columns.map(({ width, value, paint }) => {
    const shown = cell(plain(value(row)), width);
    return paint ? paint(shown, row, style) : shown;
  });
  return cells.join('  ').trimEnd();
}

/** As wide as the widest value, within the width given. */
export function fitted<T>(columns: readonly Column<T>[], rows: readonly T[]): Column<T>[] {
  return columns.map((column) => {
    const lengths = rows.map((row) => [...plain(column.value(row))].length);
    const needed = Math.max(column.title.length, ...lengths);
    return { ...column, width: Math.min(column.width, needed) };
  });
}
