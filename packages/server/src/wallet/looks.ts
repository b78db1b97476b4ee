import { AffidavitError } from '@affidavit/schema';
import { LRUCache } from 'lru-cache';

/** Questions of one session in a while: more than a person asks, and few enough for the ledger. */
const LOOKS_MAX = 600;
const WINDOW_MS = 10 * 60 * 1000;

/** By session; each counts from its first look on. */
const looks = new LRUCache<string, number>({ max: 50_000, ttl: WINDOW_MS });

/** Each new question leaves an entry: nobody asks without end. Throws `rate_limited`. */
export function countLook(sessionId: string): void {
  const before = looks.get(sessionId) ?? 0;
  if (before >= LOOKS_MAX) {
    throw new AffidavitError('rate_limited', 'this wallet was asked too much in a while', {
      retryAfterSeconds: Math.ceil(looks.getRemainingTTL(sessionId) / 1000),
    });
  }
  looks.set(sessionId, before + 1, { noUpdateTTL: true });
}
