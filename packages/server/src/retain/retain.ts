import type { Duties } from '../duties/duties.ts';
import { Clock } from './clock.ts';
import { keepSweeping, type DailyServices } from './daily.ts';
import { Erasures, type Erasing } from './erase.ts';
import { keepErasing } from './erase-on.ts';
import { Sweep } from './sweep.ts';

/** What removes: by age, and on request. */
export interface Retain {
  readonly sweep: Sweep;
  readonly erasures: Erasures;
  readonly clock: Clock;
}

export type Retaining = Erasing & Omit<DailyServices, 'sweep' | 'clock'>;

export function openRetain(services: Erasing): Retain {
  return { sweep: new Sweep(services), erasures: new Erasures(services), clock: new Clock() };
}

/** The daily sweep, and erasures whose process has ended: one process for all. */
export function keepRemoving(duties: Duties, services: Retaining, retain: Retain): void {
  keepSweeping(duties, { ...services, ...retain });
  keepErasing(duties, services, retain.erasures);
}
