import { useCallback, useState } from 'react';

import type { Entry } from '../../shared/api/types.ts';

/** What came by the stream: shown above the list, or kept back while somebody reads further down. */
export interface Fresh {
  readonly shown: readonly Entry[];
  readonly waiting: readonly Entry[];
  /** More came than are held: the list has to be asked anew. */
  readonly isFull: boolean;
  readonly add: (entries: readonly Entry[], mayShow: boolean) => void;
  readonly showAll: () => void;
  readonly clear: () => void;
}

interface Held {
  readonly shown: readonly Entry[];
  readonly waiting: readonly Entry[];
  readonly isFull: boolean;
}

const HELD_MAX = 500;
const NONE: Held = { shown: [], waiting: [], isFull: false };

/** Newest first on top of what is there, without what is there already. */
function onTop(entries: readonly Entry[], before: readonly Entry[]): readonly Entry[] {
  const newest = before[0]?.seq ?? -1;
  return [...entries.filter(({ seq }) => seq > newest), ...before];
}

function added(held: Held, entries: readonly Entry[], mayShow: boolean): Held {
  if (held.isFull) return held;
  const waiting = onTop(entries, held.waiting);
  const isFull = waiting.length + held.shown.length > HELD_MAX;
  if (isFull) return { ...held, waiting: waiting.slice(0, HELD_MAX), isFull };
  return mayShow ? { ...NONE, shown: onTop(waiting, held.shown) } : { ...held, waiting };
}

export function useFresh(): Fresh {
  const [held, setHeld] = useState(NONE);
  const add = useCallback(
    (entries: readonly Entry[], mayShow: boolean) =>
      setHeld((before) => added(before, entries, mayShow)),
    [],
  );
  const showAll = useCallback(
    () => setHeld(({ shown, waiting }) => ({ ...NONE, shown: onTop(waiting, shown) })),
    [],
  );
  const clear = useCallback(() => setHeld(NONE), []);
  return { ...held, add, showAll, clear };
}
