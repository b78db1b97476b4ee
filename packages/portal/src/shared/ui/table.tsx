import type { ReactNode } from 'react';

import { Button } from './button.tsx';
import { cx } from './cx.ts';
import { Empty, Failed, Loading } from './states.tsx';

export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ReactNode;
  readonly className?: string;
  /** Left out where there is little room. */
  readonly minor?: true;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  /** Opens a row. The first cell should hold a link too, for keyboards. */
  readonly onOpen?: (row: T) => void;
}

/** A list of things that were set up; the trail has a list of its own. */
export function Table<T>({ label, columns, rows, rowKey, onOpen }: TableProps<T>) {
  return (
    <div
      className="relative overflow-x-auto rounded-lg border border-line bg-panel"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="w-full border-collapse text-left text-sm">
        <thead>
          <tr className="border-b border-line text-xs text-ink-3">
            {columns.map(({ name, minor }) => (
              <th
                key={name}
                scope="col"
                className={cx('px-3 py-2 font-medium', minor && 'max-md:hidden')}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              onClick={onOpen ? () => onOpen(row) : undefined}
              className={cx(
                'border-b border-line last:border-0',
                onOpen && 'cursor-pointer hover:bg-sunken',
              )}
            >
              {columns.map(({ name, cell, className, minor }) => (
                <td
                  key={name}
                  className={cx(
                    'max-w-80 px-3 py-2 align-middle',
                    minor && 'max-md:hidden',
                    className,
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ListedProps<T> extends TableProps<T> {
  readonly list: {
    readonly isPending: boolean;
    readonly error: unknown;
    readonly refetch: () => unknown;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly empty: { readonly title: string; readonly children?: ReactNode };
}

/** A table of a list of the API, with its states and a way to more. */
export function Listed<T>({ list, empty, ...table }: ListedProps<T>) {
  if (list.isPending) return <Loading />;
  if (list.error) return <Failed error={list.error} retry={() => void list.refetch()} />;
  if (table.rows.length === 0) return <Empty {...empty} />;
  return (
    <>
      <Table {...table} />
      {list.hasNextPage ? (
        <div className="mt-3 flex justify-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}
