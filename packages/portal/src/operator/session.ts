import { useGet } from '../shared/api/queries.ts';
import type { Whoami } from '../shared/api/types.ts';
import type { Place } from './places.ts';

const AGAIN_MS = 5 * 60_000;

/** Who is signed in. */
export const useWhoami = () => useGet<Whoami>('/v1/whoami', {}, { refetchInterval: AGAIN_MS });

/** Whether somebody may see a page: analysts read all, admins do all. */
export function maySee({ scopes, role }: Whoami, { needs }: Place): boolean {
  if (scopes.includes('admin') || scopes.includes(needs)) return true;
  return needs === 'admin' && role === 'analyst';
}

/** Whether buttons that change something are of use. */
export const mayChange = ({ scopes }: Whoami): boolean => scopes.includes('admin');

/** As `mayChange`, of who is signed in; false until that is known. */
export function useMayChange(): boolean {
  const { data } = useWhoami();
  return data !== undefined && mayChange(data);
}

/** What only owners may do: roles, keys that administer, identity providers. */
export function useIsOwner(): boolean {
  const { data } = useWhoami();
  return data?.owner ?? false;
}
