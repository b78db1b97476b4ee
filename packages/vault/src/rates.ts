import { AffidavitError } from '@affidavit/schema';

import type { CountedRate } from './policy/index.ts';
import type { AppRef, Change } from './ports.ts';

/**
 * Counting calls against rates, exactly: each window has as many places as its limit, and a call
 * takes one that was not taken within the window. Taking is a change in the transaction of the
 * intent, so that neither a crash nor another process can lose or add one.
 */

/** Places that are held for a call until its intent is written. */
export interface RateClaim {
  /** For the transaction of the intent; a conflict where another process took one of the places. */
  readonly changes: readonly Change[];
  /** The intent is durable. */
  taken(): void;
  /** It is not, or nobody knows: what this process knew of these windows is read again. */
  dropped(): void;
}

/** A window without a place. */
export interface FullWindow {
  readonly full: CountedRate;
  /** When its next place comes free, epoch ms. */
  readonly next_at: number;
}

export interface RateState {
  readonly used: number;
  /** When a call may be made next, epoch ms; null where that is now. */
  readonly next_at: number | null;
}

export interface Rates {
  /** Holds a place in the window of each rate, or names one that has none; then nothing is held. */
  claim(app: AppRef, rates: readonly CountedRate[]): Promise<RateClaim | FullWindow>;
  /** How a window stands, touching nothing. */
  look(app: AppRef, rate: CountedRate): Promise<RateState>;
}

/** Tries of one call that other processes were faster than. */
const TRIES_MAX = 20;

/**
 * Writes an intent together with its places. Resolves with null, or with the window that has no
 * place: then nothing is written. Rejects as `write` does.
 */
export async function writeCounted(
  rates: Rates,
  app: AppRef,
  counted: readonly CountedRate[],
  write: (changes: readonly Change[]) => Promise<unknown>,
): Promise<FullWindow | null> {
  for (let tries = 1; ; tries++) {
    const claim = await rates.claim(app, counted);
    if ('full' in claim) return claim;
    try {
      await write(claim.changes);
      claim.taken();
      return null;
    } catch (error) {
      claim.dropped();
      const isTaken = error instanceof AffidavitError && error.code === 'conflict';
      if (!isTaken || tries === TRIES_MAX) throw error;
    }
  }
}
