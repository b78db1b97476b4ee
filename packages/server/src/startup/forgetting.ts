import type { Duties } from '../duties/duties.ts';
import type { LastingThread } from '../threads/lasting.ts';

/** Answers to `Idempotency-Key`, and what is known of ended tokens, are kept this long. */
const KEPT_MS = 24 * 3600 * 1000;
const PAUSE_MS = 10 * 60 * 1000;

/** Forgets what is old now and then, step by step between the writes. */
export function keepForgetting(duties: Duties, writer: LastingThread): void {
  duties.every('forgetting', { pauseMs: PAUSE_MS }, async (signal) => {
    const before = Date.now() - KEPT_MS;
    while (!signal.aborted && (await writer.call<boolean>('forgetOld', before)));
  });
}
