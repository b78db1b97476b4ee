import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';

import { useToast } from '../ui/toast.tsx';
import { ApiError, get, type Params } from './client.ts';
import type { Page } from './types.ts';

/** What was asked and answered, kept while pages are open. */

const RETRIES = 2;
const isPassing = (error: unknown) =>
  error instanceof ApiError && [0, 429, 503, 504].includes(error.problem.status);

export function createQueryClient(onSignedOut: () => void): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (count, error) => count < RETRIES && isPassing(error),
      },
    },
  });
  client.getQueryCache().subscribe(({ query, type }) => {
    const { error } = query.state;
    if (type === 'updated' && error instanceof ApiError && error.code === 'unauthorized') {
      onSignedOut();
    }
  });
  return client;
}

interface GetOptions<T> {
  readonly enabled?: boolean;
  /** How soon to ask again, by what was answered; false: not any more. */
  readonly refetchInterval?: number | ((data: T | undefined) => number | false);
  /** Shows the answer before until the next one is there: for what changes with every filter. */
  readonly keep?: boolean;
}

/** One answer. The key is the question, so that equal questions are asked once. */
export function useGet<T>(path: string, query: Params = {}, options: GetOptions<T> = {}) {
  const { refetchInterval: again, keep = false, ...others } = options;
  return useQuery({
    queryKey: [path, query],
    queryFn: ({ signal }) => get<T>(path, query, signal),
    ...others,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
    refetchInterval:
      typeof again === 'function' ? ({ state }) => again(state.data) : (again ?? false),
  });
}

/** A list, page by page; `rows` are all that were read so far. */
export function useList<T>(
  path: string,
  query: Params = {},
  options: { enabled?: boolean; refetchInterval?: number } = {},
) {
  const list = useInfiniteQuery({
    queryKey: [path, query, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      get<Page<T>>(
        path,
        { ...query, ...(pageParam === null ? {} : { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
    ...options,
  });
  const rows: readonly T[] = list.data?.pages.flatMap((page) => page.data) ?? [];
  return { ...list, rows };
}

interface Change<I, O> {
  readonly mutationFn: (input: I) => Promise<O>;
  /** Paths whose answers are not true any more. */
  readonly changes: readonly string[];
  /** Said when it is done. */
  readonly done?: string | ((output: O) => string);
  readonly onSuccess?: (output: O, input: I) => void;
  /** The form says failures itself, beside its fields: `FormDialog`. */
  readonly inForm?: true;
}

/** A change by the API. Failures are said in a toast; forms may show `error` beside their fields too. */
export function useChange<I, O = unknown>({
  mutationFn,
  changes,
  done,
  onSuccess,
  inForm,
}: Change<I, O>) {
  const queries = useQueryClient();
  const toast = useToast();
  return useMutation<O, Error, I>({
    mutationFn,
    onSuccess: async (output, input) => {
      await queries.invalidateQueries({
        predicate: ({ queryKey }) => changes.some((path) => String(queryKey[0]).startsWith(path)),
      });
      if (done !== undefined) toast.good(typeof done === 'string' ? done : done(output));
      onSuccess?.(output, input);
    },
    onError: (error) => (inForm ? undefined : toast.failed(error)),
  });
}
