import { AffidavitError } from '@affidavit/schema';

const RETRY_AFTER_SECONDS = 2;

/** Places for what may be under way only so often at once. */
export class Slots {
  readonly #limit: number;
  readonly #what: string;
  #taken = 0;

  /** `what` is the plural that a refusal names. */
  constructor(limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Holds a place until the work has ended. Rejects with `overloaded` where all are taken. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#limit) {
      throw new AffidavitError('overloaded', `too many ${this.#what} are under way`, {
        expected: `at most ${this.#limit} at once`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#taken++;
    try {
      return await work();
    } finally {
      this.#taken--;
    }
  }
}

/** What lasts longer than it takes to answer it, by kind. */
export interface AllSlots {
  readonly calls: Slots;
  readonly streams: Slots;
  readonly longAnswers: Slots;
}

export const openSlots = (): AllSlots => ({
  calls: new Slots(1024, 'calls'),
  streams: new Slots(500, 'streams'),
  longAnswers: new Slots(32, 'exports and range proofs'),
});
