import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { Empty, Failed, Loading } from '../../shared/ui/states.tsx';
import type { PagedRows } from './paged-rows.ts';

/** Browsers draw nothing that is higher than some 17 million pixels. */
const ROWS_MAX = 250_000;
const OVERSCAN = 10;
/** Rows to come that stand for themselves while they are on their way. */
const PENDING_ROWS = 12;

interface VirtualRowsProps<T> {
  readonly label: string;
  readonly rows: PagedRows<T>;
  /** Rows above those of the list. */
  readonly fresh?: readonly T[];
  readonly rowPx: number;
  /** What covers the top of the window while one scrolls. */
  readonly coveredPx: number;
  readonly header: ReactNode;
  /** `at` counts from the first row of the list; rows above it are -1 and less. */
  readonly render: (row: T, at: number) => ReactNode;
  /** The row to be in view; a new object scrolls to it again. */
  readonly target: { readonly at: number } | null;
  readonly empty: ReactNode;
  /** Instead of rows that could not be asked for. */
  readonly failed: ReactNode;
}

/** A list of any length on the page itself: only what is in view is in the document. */
export function VirtualRows<T>(props: VirtualRowsProps<T>) {
  const { rows, fresh = [], empty } = props;
  if (rows.count === 0 && fresh.length === 0) {
    if (rows.error !== null) return props.failed;
    if (rows.isEnd) return empty;
  }
  return <Rows {...props} fresh={fresh} />;
}

/** Where the list begins on the page, whatever opens and closes above it. */
function useTop(list: { readonly current: HTMLElement | null }): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      if (list.current) setTop(Math.round(list.current.getBoundingClientRect().top + scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list]);
  return top;
}

function Rows<T>(props: VirtualRowsProps<T> & { readonly fresh: readonly T[] }) {
  const { label, rows, fresh, rowPx, coveredPx, header, render, target } = props;
  const list = useRef<HTMLDivElement>(null);
  const known = rows.count + fresh.length;
  const size = Math.min(ROWS_MAX, known + (rows.isEnd || rows.error !== null ? 0 : PENDING_ROWS));
  const virtual = useWindowVirtualizer({
    count: size,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    scrollMargin: useTop(list),
    scrollPaddingStart: coveredPx + rowPx,
    scrollPaddingEnd: rowPx,
  });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const items = virtual.getVirtualItems();
  const first = (items[0]?.index ?? 0) - fresh.length;
  const last = (items.at(-1)?.index ?? 0) - fresh.length;
  useEffect(() => rows.want(Math.max(0, first), Math.max(0, last)), [rows, first, last]);
  useEffect(() => {
    if (target === null) return;
    virtual.scrollToIndex(target.at + fresh.length, { align: 'auto' });
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- Rows that come do not move the page.
  }, [virtual, target]);
  return (
    <>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={rows.isEnd ? known : -1}
        className="rounded-lg border border-line bg-panel"
      >
        {header}
        <div role="rowgroup" ref={list} className="relative" style={{ height: size * rowPx }}>
          {items.map(({ index }) => {
            const at = index - fresh.length;
            const row = at < 0 ? fresh[index] : rows.row(at);
            return (
              <div
                key={at}
                role="row"
                aria-rowindex={index + 2}
                data-at={at}
                className="absolute inset-x-0 top-0 border-b border-line contain-content last:border-b-0"
                style={{ height: rowPx, transform: `translateY(${index * rowPx}px)` }}
              >
                {row === undefined ? <Pending /> : render(row, at)}
              </div>
            );
          })}
        </div>
      </div>
      <Foot rows={rows} isFull={known >= ROWS_MAX} />
    </>
  );
}

const Pending = () => (
  <div role="cell" className="flex h-full items-center px-3">
    <span className="h-2.5 w-2/3 animate-pulse rounded bg-sunken" />
    <span className="sr-only">loading</span>
  </div>
);

function Foot<T>({ rows, isFull }: { readonly rows: PagedRows<T>; readonly isFull: boolean }) {
  if (rows.error !== null) return <Failed error={rows.error} retry={() => rows.retry()} />;
  if (isFull) {
    return (
      <Empty title="There is more">
        <p>Choose a range of time to go on: this page shows the first 250,000.</p>
        <Button onClick={() => scrollTo({ top: 0 })}>Back to the top</Button>
      </Empty>
    );
  }
  if (rows.count === 0 && !rows.isEnd) return <Loading />;
  return null;
}
