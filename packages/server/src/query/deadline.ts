import { AffidavitError } from '@affidavit/schema';

/** When a query must have ended. Checked between steps, each of which is small. */
export class Deadline {
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  check(): void {
    if (Date.now() > this.#at) {
      throw new AffidavitError('query_timeout', 'the query did not end within its deadline');
    }
  }
}
