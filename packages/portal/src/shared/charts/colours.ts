import { useSyncExternalStore } from 'react';

/** Colours of the page for what is drawn on a canvas, which knows no variables. */

export type Colour = 'accent' | 'good' | 'refused' | 'failed' | 'open' | 'ink-3' | 'line';

export const colour = (name: Colour): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const dark = () => matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void) {
  const media = dark();
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  media.addEventListener('change', listener);
  return () => {
    observer.disconnect();
    media.removeEventListener('change', listener);
  };
}

const read = () => `${document.documentElement.dataset['theme'] ?? ''} ${dark().matches}`;

/** Another text whenever the colours are others: what depends on it is drawn again. */
export const useColours = (): string => useSyncExternalStore(subscribe, read);
