/** A turn is long from here on, if so many requests were let in before. */
const LONG_MS = 200;
const REQUESTS_MIN = 256;

/**
 * The turn of the event loop that is under way. When more comes than the process can take, requests
 * pile up in their sockets, where nothing counts them, and each turn handles all that came during
 * the one before: turns grow without end. What is let in late in a long turn would wait longest.
 */
export class Turn {
  readonly #now: () => number;
  #begun = 0;
  #requests = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether this turn has had enough; otherwise one more request is let into it. */
  isFull(): boolean {
    if (this.#requests === 0) {
      this.#begun = this.#now();
      setImmediate(() => (this.#requests = 0));
    } else if (this.#requests >= REQUESTS_MIN && this.#now() - this.#begun > LONG_MS) {
      return true;
    }
    this.#requests++;
    return false;
  }
}
