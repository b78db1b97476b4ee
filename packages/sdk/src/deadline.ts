/** Waiting, with an end: deadlines, abortable sleep and backoff. Web globals only. */

/** The time at which a call gives up, and the signal that says so. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds left, never below 0. */
  readonly remaining: () => number;
  /** Whether the time ran out (and not the caller's own signal). */
  readonly passed: () => boolean;
}

/** A deadline `timeoutMs` from now that also ends when the caller's signal does. */
export function deadlineIn(timeoutMs: number, caller?: AbortSignal): Deadline {
  const end = performance.now() + timeoutMs;
  const timer = AbortSignal.timeout(timeoutMs);
  return {
    signal: caller ? AbortSignal.any([caller, timer]) : timer,
    remaining: () => Math.max(0, end - performance.now()),
    passed: () => timer.aborted && !caller?.aborted,
  };
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Full jitter: uniform in (0, min(cap, base · 2^attempt)], in milliseconds. `attempt` from 0. */
export function backoffMs(
  attempt: number,
  base: number,
  cap: number,
  random: () => number,
): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return Math.max(1, Math.round(ceiling * random()));
}
