import { Download } from 'lucide-react';

import { toCsv, type CsvCell } from '../format/csv.ts';
import { Button } from './button.tsx';

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
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
    const link = Object.assign(document.createElement('a'), {
      href: address,
      download: `${name}.csv`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  return (
    <Button onClick={download} disabled={rows.length === 0}>
      <Download /> CSV
    </Button>
  );
}
