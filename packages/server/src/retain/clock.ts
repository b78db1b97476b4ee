import { AffidavitError } from '@affidavit/schema';

import { DAY_MS } from './decision.ts';

/**
 * What is removed cannot come back, and the clock decides what. A clock that was set far ahead
 * would have everything swept at once, so a sweep asks first whether the clock can be believed.
 */

/** Beyond what suspending a machine or setting its clock right explains. */
const JUMP_MAX_MS = DAY_MS;
/** Nobody looked for so long: either the server was off, or the clock is wrong. */
const SILENCE_MAX_MS = 31 * DAY_MS;

export class Clock {
  readonly now: () => number;
  readonly #uptime: () => number;
  readonly #started: number;

  /** `uptime` is ms since whenever and is never set. */
  constructor(now: () => number = Date.now, uptime: () => number = () => performance.now()) {
    this.now = now;
    this.#uptime = uptime;
    this.#started = now() - uptime();
  }

  /** Why the time is not believed, or null. It has jumped ahead since the process started. */
  get jump(): string | null {
    const ahead = this.now() - this.#uptime() - this.#started;
    if (ahead <= JUMP_MAX_MS) return null;
    return `the clock of the server has jumped ahead by ${days(ahead)} days`;
  }

  /** The same, for a sweep that nobody asked for; `last` is when the one before was, epoch ms. */
  doubt(last: number): string | null {
    const silence = this.now() - last;
    if (this.jump !== null || silence <= SILENCE_MAX_MS) return this.jump;
    return `${days(silence)} days seem to have passed since the last daily sweep`;
  }
}

const days = (ms: number) => Math.round(ms / DAY_MS);

/** Refuses a sweep that is asked for under a clock that has jumped. */
export function refuseJump({ jump }: Clock): void {
  if (jump === null) return;
  throw new AffidavitError('conflict', jump, {
    field: 'accept_clock',
    expected: 'true, when the clock is right',
    advice: 'Put the clock right, or send {"accept_clock":true} when it is.',
  });
}
