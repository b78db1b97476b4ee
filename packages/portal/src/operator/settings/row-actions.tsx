import { Button } from '../../shared/ui/button.tsx';
import type { Column } from '../../shared/ui/table.tsx';

export interface RowAction {
  readonly label: string;
  readonly run: () => void;
  readonly danger?: boolean;
  /** Why it cannot be done. */
  readonly barred?: string | undefined;
}

/** The last column of a list: what can be done with a row. */
export function actionsColumn<T>(
  of: (row: T) => readonly RowAction[],
  nameOf: (row: T) => string,
): Column<T> {
  return {
    name: 'What you can do',
    className: 'whitespace-nowrap',
    cell: (row) => (
      <span className="flex flex-wrap gap-2">
        {of(row).map(({ label, run, danger, barred }) => (
          <Button
            key={label}
            look={danger ? 'danger' : 'plain'}
            onClick={run}
            disabled={barred !== undefined}
            title={barred}
            aria-label={`${label} ${nameOf(row)}`}
          >
            {label}
          </Button>
        ))}
      </span>
    ),
  };
}
