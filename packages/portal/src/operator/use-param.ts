import { useNavigate, useSearch } from '@tanstack/react-router';

import { one, type Search } from './search.ts';

/** One parameter of the address: what is open on a page, and a way to change it. Back undoes it. */
export function useParam(
  name: string,
): [value: string | undefined, set: (value: string | undefined) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (value: string | undefined) =>
    void navigate({ to: '.', search: (before: Search) => ({ ...before, [name]: value }) });
  return [one(search, name), set];
}
