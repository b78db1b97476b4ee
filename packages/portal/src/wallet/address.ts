import { useSyncExternalStore } from 'react';

/** The address of the wallet is its state: what is open and what is asked for. Back undoes it. */

const changed = new EventTarget();

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  changed.addEventListener('change', listener);
  return () => {
    removeEventListener('popstate', listener);
    changed.removeEventListener('change', listener);
  };
}

export type Address = Readonly<Record<string, string>>;

/** Empty values are left out of the address. */
export function go(change: Readonly<Record<string, string | undefined>>): void {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === '') search.delete(name);
    else search.set(name, value);
  }
  const text = search.toString();
  history.pushState(null, '', `${location.pathname}${text === '' ? '' : `?${text}`}`);
  changed.dispatchEvent(new Event('change'));
}

export function useAddress(): Address {
  const search = useSyncExternalStore(subscribe, () => location.search);
  return Object.fromEntries(new URLSearchParams(search));
}

/** Where the wallet of an app begins, for who has to sign in again. */
export const walletOf = (appId: string | undefined): string =>
  appId === undefined ? '/wallet' : `/wallet?app_id=${encodeURIComponent(appId)}`;
