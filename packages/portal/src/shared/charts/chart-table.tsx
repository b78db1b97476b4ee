import { useState } from 'react';

import { shortTime } from '../format/time.ts';

interface Row {
  /** When its step of time begins, epoch ms. */
  readonly at: number;
  /** One text for each column. */
  readonly cells: readonly string[];
  readonly onChoose: () => void;
}

interface ChartTableProps {
  /** Of the chart. */
  readonly label: string;
  readonly columns: readonly string[];
  /** Asked for when the table is opened. */
  readonly rows: () => readonly Row[];
}

/** What a chart shows, for who does not see it, or has no mouse; each row can be chosen. */
export function ChartTable({ label, columns, rows }: ChartTableProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="text-xs" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-ink-3 hover:text-ink">Show as a table</summary>
      {isOpen ? (
        <div
          className="mt-1 max-h-64 overflow-auto rounded border border-line bg-panel"
          tabIndex={0}
          role="region"
          aria-label={`${label}, as a table`}
        >
          <table className="w-full text-left tabular-nums">
            <thead className="text-ink-3">
              <tr>
                <th scope="col" className="px-3 py-1.5 font-medium">
                  From
                </th>
                {columns.map((name) => (
                  <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row) => (
                <ChartRow key={row.at} row={row} columns={columns} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}

function ChartRow({ row, columns }: { readonly row: Row; readonly columns: readonly string[] }) {
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-1 font-normal">
        <button type="button" onClick={row.onChoose} className="text-accent hover:underline">
          {shortTime(row.at)}
        </button>
      </th>
      {columns.map((name, place) => (
        <td key={name} className="px-3 py-1 text-right">
          {row.cells[place]}
        </td>
      ))}
    </tr>
  );
}
