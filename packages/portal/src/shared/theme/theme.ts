import { useSyncExternalStore } from 'react';

/** Light, dark, or as the system has it. `assets/theme.js` applies it before the first paint. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'affidavit-theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];
const listeners = new Set<() => void>();

function read(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function choose(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage it holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme, and what goes on to the next. */
export function useTheme(): { theme: Theme; next: () => void } {
  const theme = useSyncExternalStore(subscribe, read);
  const next = () => choose(ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] as Theme);
  return { theme, next };
}
