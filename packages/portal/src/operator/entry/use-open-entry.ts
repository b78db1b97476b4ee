import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

import { one, type Search } from '../search.ts';

/** The entry that is open on a page stands in its address: `?event=evt_…`. */
export function useOpenEntry() {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = useCallback(
    (eventId: string | undefined, options: { readonly replace?: boolean } = {}) =>
      void navigate({
        to: '.',
        search: (before: Search) => ({ ...before, event: eventId }),
        replace: options.replace ?? false,
        resetScroll: false,
      }),
    [navigate],
  );
  return { openId: one(search, 'event') || undefined, show };
}
