import type { LastingThread } from '../threads/lasting.ts';

/** Answers to `Idempotency-Key` are kept this long. */
const KEPT_MS = 24 * 3600 * 1000;
const PAUSE_MS = 10 * 60 * 1000;

/** Forgets old answers now and then, step by step between the writes. Returns how to stop it. */
export function keepForgetting(writer: LastingThread): () => void {
  const forget = async () => {
    const before = Date.now() - KEPT_MS;
    while (await writer.call<boolean>('forgetAnswers', before));
  };
  const quietly = () => void forget().catch(() => undefined);
  quietly();
  const timer = setInterval(quietly, PAUSE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
