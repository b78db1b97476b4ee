import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { useShortcuts } from '../../shared/ui/shortcuts.ts';

/** Which row of a list the keys are on. */
export interface RowKeys {
  readonly at: number | null;
  /** For the list to scroll to. */
  readonly target: { readonly at: number } | null;
  /** Its link gets the focus, unless something else is to keep it. */
  readonly move: (to: number, options?: { readonly isFocused: boolean }) => void;
  readonly setAt: (at: number | null) => void;
}

interface RowKeysOptions {
  /** The least and the highest there is. */
  readonly first: number;
  readonly last: number;
  /** What a row is called: `entry`. */
  readonly what: string;
}

const TRIES = 10;

/** Its link is what Enter opens. It may have to come into the document first. */
function focusRow(at: number, tries = TRIES): void {
  const link = document.querySelector<HTMLElement>(`[role=row][data-at="${at}"] a`);
  if (link) link.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusRow(at, tries - 1));
}

/** `j` and `k` move through the rows. */
export function useRowKeys({ first, last, what }: RowKeysOptions): RowKeys {
  const [at, setAt] = useState<number | null>(null);
  const [target, setTarget] = useState<{ readonly at: number } | null>(null);
  const limits = useRef({ at, first, last });
  useEffect(() => {
    limits.current = { at, first, last };
  });
  const move = useCallback((to: number, { isFocused } = { isFocused: true }) => {
    setAt(to);
    setTarget({ at: to });
    if (isFocused) focusRow(to);
  }, []);
  const step = useCallback(
    (by: number) => {
      const { at: from, first: least, last: most } = limits.current;
      if (most < least) return;
      move(from === null ? least : Math.max(least, Math.min(most, from + by)));
    },
    [move],
  );
  useShortcuts(
    useMemo(
      () => [
        { keys: 'j', does: `Next ${what}`, run: () => step(1) },
        { keys: 'k', does: `Previous ${what}`, run: () => step(-1) },
      ],
      [step, what],
    ),
  );
  return { at, target, move, setAt };
}
