import { isIPv6 } from 'node:net';

import { AffidavitError } from '@affidavit/schema';
import { LRUCache } from 'lru-cache';

/** Failed sign-ins that one place may have within a while. */
const FAILURES_MAX = 100;
const WINDOW_MS = 10 * 60 * 1000;
const PLACES_MAX = 20_000;

/** Counts failed sign-ins by where they came from, and lets nobody try without end. */
export class Attempts {
  readonly #now: () => number;
  /** Times of failures, the oldest first. */
  readonly #failures = new LRUCache<string, readonly number[]>({ max: PLACES_MAX });

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws `rate_limited` where too many have failed. */
  admit(sourceIp: string): void {
    const recent = this.#recent(placeOf(sourceIp));
    if (recent.length < FAILURES_MAX) return;
    const free_at = (recent[0] as number) + WINDOW_MS;
    throw new AffidavitError('rate_limited', 'too many sign-ins from here have failed', {
      retryAfterSeconds: Math.max(1, Math.ceil((free_at - this.#now()) / 1000)),
    });
  }

  failed(sourceIp: string): void {
    const place = placeOf(sourceIp);
    this.#failures.set(place, [...this.#recent(place), this.#now()].slice(-FAILURES_MAX));
  }

  #recent(place: string): readonly number[] {
    const since = this.#now() - WINDOW_MS;
    return (this.#failures.get(place) ?? []).filter((at) => at > since);
  }
}

/** Of IPv6 the first 64 bits: whoever has one address there has them all. */
function placeOf(sourceIp: string): string {
  if (!isIPv6(sourceIp)) return sourceIp;
  const [head = '', tail] = sourceIp.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? [] : ['0', '0', '0', '0'];
  return [...groups, ...zeros].slice(0, 4).join(':');
}
