import { useEffect } from 'react';

/** Keys that do something on the whole page, as long as nobody is typing. */

export interface Shortcut {
  /** `?`, `/`, `j`, or two in a row: `g t`; `mod+k` is Control or Command. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

const SEQUENCE_MS = 1200;
const TYPING =
  'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]';
/** Toasts and panels beside a list have the role too, and are in nobody's way. */
const DIALOG = '[role=dialog]:not([data-beside], [data-type], [aria-modal=false])';

const active = new Set<readonly Shortcut[]>();

/** All that work at the moment, for the list that `?` shows. */
export const activeShortcuts = (): readonly Shortcut[] => [...active].flat();

function pressed({ key, metaKey, ctrlKey, altKey }: KeyboardEvent): string | null {
  if (altKey) return null;
  return metaKey || ctrlKey ? `mod+${key.toLowerCase()}` : key;
}

let before: { key: string; at: number } | null = null;

function onKey(event: KeyboardEvent): void {
  const key = pressed(event);
  if (key === null || event.defaultPrevented || event.repeat) return;
  const isTyping = event.target instanceof Element && event.target.closest(TYPING) !== null;
  const isInDialog = document.querySelector(DIALOG) !== null;
  if ((isTyping || isInDialog) && !key.startsWith('mod+')) return;
  const now = performance.now();
  const both = before && now - before.at < SEQUENCE_MS ? `${before.key} ${key}` : null;
  before = { key, at: now };
  const all = [...activeShortcuts()].reverse();
  const found = all.find(({ keys }) => keys === both) ?? all.find(({ keys }) => keys === key);
  if (!found) return;
  before = null;
  event.preventDefault();
  found.run();
}

/** Works as long as the component that asks for it is shown; what came later wins. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    if (active.size === 0) addEventListener('keydown', onKey);
    active.add(shortcuts);
    return () => {
      active.delete(shortcuts);
      if (active.size === 0) removeEventListener('keydown', onKey);
    };
  }, [shortcuts]);
}
