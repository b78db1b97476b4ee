import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Niceness of threads that give way: about a tenth of the share of the others where all are busy. */
const GIVING_WAY = 10;

/**
 * Lets the thread that calls it give way to the others of the process wherever there are fewer
 * cores than threads with work: Linux has a priority for each thread (setpriority(2), "C library/
 * kernel differences"). Elsewhere it does nothing.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (thread !== undefined) setPriority(Number(thread), GIVING_WAY);
  } catch {
    // Not permitted here: then it does not.
  }
}
