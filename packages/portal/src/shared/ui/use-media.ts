import { useCallback, useSyncExternalStore } from 'react';

/** Whether the window is as a media query says: for what a style sheet cannot decide. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Phones: narrower than Tailwind's `md`. */
export const useIsNarrow = (): boolean => useMedia('(max-width: 767px)');
