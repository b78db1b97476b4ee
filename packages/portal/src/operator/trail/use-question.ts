import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';

import type { Params } from '../../shared/api/client.ts';
import type { Search } from '../search.ts';
import { questionOf } from './filters.ts';

export type ChangeSearch = (
  to: (before: Search) => Search,
  options?: { readonly replace?: boolean },
) => void;

export interface Question {
  readonly search: Search;
  /** What the API is asked: the same object as long as it is the same question. */
  readonly question: Params;
  /** Another number whenever all should be asked anew. */
  readonly turn: number;
  readonly change: ChangeSearch;
  readonly refresh: () => void;
}

/** The filters that stand in the address, as a question to the API, and a way to change them. */
export function useQuestion(): Question {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [asked, setAsked] = useState(() => ({ now: Date.now(), turn: 0 }));
  const change = useCallback<ChangeSearch>(
    (to, { replace = false } = {}) =>
      void navigate({ to: '.', search: to, replace, resetScroll: false }),
    [navigate],
  );
  const refresh = useCallback(
    () => setAsked(({ turn }) => ({ now: Date.now(), turn: turn + 1 })),
    [],
  );
  const text = JSON.stringify(questionOf(search, asked.now));
  const question = useMemo(() => JSON.parse(text) as Params, [text]);
  return { search, question, turn: asked.turn, change, refresh };
}
