import { useNavigate, useSearch } from '@tanstack/react-router';

import { one, type Search } from './search.ts';

interface Replace {
  /** Leaves no step for the back button: for what changes with every key. */
  readonly replace: true;
}

/** One parameter of the address: what is open on a page, and a way to change it. Back undoes it. */
export function useParam(
  name: string,
): [value: string | undefined, set: (value: string | undefined, options?: Replace) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (value: string | undefined, options?: Replace) =>
    void navigate({
      to: '.',
      search: (before: Search) => ({ ...before, [name]: value }),
      replace: options?.replace ?? false,
    });
  return [one(search, name), set];
}
