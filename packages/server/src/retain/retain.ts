import type { Duties } from '../duties/duties.ts';
import { Clock } from './clock.ts';
import { keepSweeping, type DailyServices } from './daily.ts';
import { Erasures, type Erasing } from './erase.ts';
import { keepErasing, type Continuing } from './erase-on.ts';
import { Space, type Freeing } from './space.ts';
import { Sweep } from './sweep.ts';

/** What removes, by age and on request, and what gives back the space. */
export interface Retain {
  readonly sweep: Sweep;
  readonly erasures: Erasures;
  readonly space: Space;
  readonly clock: Clock;
}

/** What was left to free by a process that ended, or for want of time. */
const FREE_LOOK_MS = 60_000;
const FREE_DELAY_MS = 10_000;
const FREE_MAX_MS = 3_600_000;

export function openRetain(services: Erasing & Freeing): Retain {
  return {
    sweep: new Sweep(services),
    erasures: new Erasures(services),
    space: new Space(services),
    clock: new Clock(),
  };
}

export type Removing = Erasing & Continuing & Omit<DailyServices, 'sweep' | 'clock'>;

/** The daily sweep, erasures that were left, and the space of both: one process for all. */
export function keepRemoving(duties: Duties, services: Removing, retain: Retain): void {
  keepSweeping(duties, { ...services, ...retain });
  keepErasing(duties, services, retain.erasures);
  const timing = { pauseMs: FREE_LOOK_MS, delayMs: FREE_DELAY_MS };
  duties.every('space', timing, async (signal) => {
    await retain.space.free(performance.now() + FREE_MAX_MS, signal);
  });
}
