import type { Memory, Remembered } from './jobs.ts';

/** What this browser keeps of a ledger: key and newest checkpoint, under the name of the ledger. */

/** Whether what this browser has seen before does not go together with what it sees now. */
export const isAlarm = ({ state }: Memory): boolean => !['first', 'same', 'grown'].includes(state);

const keyOf = (name: string) => `affidavit-ledger:${name}`;

/** Null for what was never seen, or where nothing can be kept. */
export function recall(name: string): Remembered | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null') as Remembered | null;
    const texts = [kept?.vkey, kept?.checkpoint, kept?.origin, kept?.seen_at];
    const isWhole = texts.every((text) => typeof text === 'string');
    return isWhole && Number.isSafeInteger(kept?.size) ? kept : null;
  } catch {
    return null;
  }
}

export function remember(name: string, seen: Remembered): void {
  try {
    const kept = recall(name);
    // Checks may end in another order than they began; what is kept only grows.
    if (kept?.vkey === seen.vkey && kept.origin === seen.origin && kept.size > seen.size) return;
    localStorage.setItem(keyOf(name), JSON.stringify(seen));
  } catch {
    // Without storage each visit is the first.
  }
}

/** For who knows why the ledger is another one, such as after a restored backup. */
export function forget(name: string): void {
  try {
    localStorage.removeItem(keyOf(name));
  } catch {
    // There was nothing.
  }
}
