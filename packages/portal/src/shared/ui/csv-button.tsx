import { Download } from 'lucide-react';

import { toCsv, type CsvCell } from '../format/csv.ts';
import { Button } from './button.tsx';
import { saveText } from './save-text.ts';

interface CsvButtonProps<T> {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly rows: readonly T[];
  /** What each column has of a row, by its name. */
  readonly columns: Readonly<Record<string, (row: T) => CsvCell>>;
}

/** Downloads a list as it is shown, where the API has no export of it. */
export function CsvButton<T>({ name, rows, columns }: CsvButtonProps<T>) {
  const download = () => {
    const cells = Object.values(columns);
    const text = toCsv(
      Object.keys(columns),
      rows.map((row) => cells.map((of) => of(row))),
    );
    saveText(`${name}.csv`, text);
  };
  return (
    <Button onClick={download} disabled={rows.length === 0}>
      <Download /> CSV
    </Button>
  );
}
