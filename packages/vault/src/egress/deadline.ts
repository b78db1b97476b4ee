/** The one end of a call: its deadline, or its caller giving up. */
import { faults } from './failure.ts';

/** The longest delay a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  /** Aborts with a Fault as its reason. */
  readonly signal: AbortSignal;
  /** To be called when the call is over. */
  close(): void;
}

/** Ends after `timeoutMs`, or when `outer` aborts. */
export function openDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(faults.deadline(timeoutMs)),
    Math.min(timeoutMs, MAX_TIMER_MS),
  );
  const cancel = (): void => controller.abort(faults.cancelled);
  if (outer?.aborted === true) cancel();
  else outer?.addEventListener('abort', cancel, { once: true });
  const close = (): void => {
    clearTimeout(timer);
    outer?.removeEventListener('abort', cancel);
  };
  return { signal: controller.signal, close };
}
