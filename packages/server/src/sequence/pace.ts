/** Weight of the newest batch. */
const WEIGHT = 0.3;

/** How fast entries can be written, learnt from batches. */
export class Pace {
  #msPerEvent = 0;

  /**
   * A batch of so many events took so long. One that is not full says little, because a commit has
   * its price however few are in it; but where it was faster than all that is known, that counts.
   */
  learn(events: number, ms: number, isFull: boolean): void {
    const latest = ms / Math.max(1, events);
    if (!isFull && latest >= this.#msPerEvent) return;
    this.#msPerEvent += (latest - this.#msPerEvent) * (this.#msPerEvent === 0 ? 1 : WEIGHT);
  }

  /** How long so many events take; 0 as long as nothing is known. */
  expectedMs(events: number): number {
    return events * this.#msPerEvent;
  }
}
