import type { AffidavitError, ErrorCode } from '@affidavit/schema';
import type { Logger } from 'pino';

const PAUSE_MS = 1000;

/**
 * Keeps what failed here for the operator, at most once a second for each code: under a flood
 * every answer may be a refusal, and each line would cost more than the answer.
 */
export class FailureJournal {
  readonly #journal: Logger;
  readonly #now: () => number;
  readonly #last = new Map<ErrorCode, { at: number; left_out: number }>();

  constructor(journal: Logger, now: () => number = () => performance.now()) {
    this.#journal = journal;
    this.#now = now;
  }

  note(error: AffidavitError, requestId: string): void {
    const { code, details, message } = error;
    const last = this.#last.get(code);
    if (last && this.#now() - last.at < PAUSE_MS) {
      last.left_out++;
      return;
    }
    this.#last.set(code, { at: this.#now(), left_out: 0 });
    const more = last && last.left_out > 0 ? { left_out_since: last.left_out } : {};
    // Where it was thrown says nothing of a limit that was reached.
    const err = details.cause ?? (code === 'overloaded' ? undefined : error);
    this.#journal.error({ requestId, code, err, ...more }, message);
  }
}
