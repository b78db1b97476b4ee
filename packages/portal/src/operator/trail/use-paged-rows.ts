import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';

import { get, type Params } from '../../shared/api/client.ts';
import type { Page } from '../../shared/api/types.ts';
import { PAGE_ROWS, PagedRows } from './paged-rows.ts';

/** The rows of a list of the API. Another question, or another turn, is another list. */
export function usePagedRows<T>(path: string, question: Params, turn: number): PagedRows<T> {
  const queries = useQueryClient();
  const rows = useMemo(
    () =>
      new PagedRows<T>((cursor) =>
        queries.fetchQuery({
          queryKey: [path, question, turn, cursor],
          queryFn: () => get<Page<T>>(path, { ...question, limit: PAGE_ROWS, cursor }),
          // What is far away is forgotten: the rows themselves say what is kept.
          gcTime: 0,
        }),
      ),
    [queries, path, question, turn],
  );
  useEffect(() => () => rows.stop(), [rows]);
  useSyncExternalStore(rows.subscribe, rows.version);
  return rows;
}

/** Whether the first rows are there, or will not come: what else a page asks for can wait for them. */
export const isBegun = <T>({ count, isEnd, error }: PagedRows<T>): boolean =>
  count > 0 || isEnd || error !== null;
