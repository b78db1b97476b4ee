/**
 * One sliding window, as far as this process knows it. A place that is free here may have been
 * taken by another process; one that is taken here is taken. Exact all the same: taking a place
 * expects in the database what is known here.
 */

/** When a place was last used, epoch ms; null for never. */
export type LastUse = number | null;

export interface Place {
  readonly slot: number;
  readonly used_at: LastUse;
}

/** Places to choose from where others choose too. */
const CHOICE = 64;

export class Window {
  readonly #width_ms: number;
  readonly #limit: number;
  /** Not held by anyone, the one that was used longest ago first. */
  readonly #places: Place[] = [];

  constructor(limit: number, width_ms: number, used: ReadonlyMap<number, number>) {
    this.#limit = limit;
    this.#width_ms = width_ms;
    for (let slot = 0; slot < limit; slot++) {
      this.#places.push({ slot, used_at: used.get(slot) ?? null });
    }
    this.#places.sort((a, b) => timeOf(a) - timeOf(b));
  }

  /** Holds a free place; null where there is none. `random` is in [0, 1). */
  hold(now: number, random: () => number): Place | null {
    let free = 0;
    while (free < CHOICE && this.#isFree(this.#places[free], now)) free++;
    if (free === 0) return null;
    const [place] = this.#places.splice(Math.floor(random() * free), 1);
    return place ?? null;
  }

  /** Puts a held place back: used just now, or as it was. */
  put(place: Place): void {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timeOf(this.#places[middle] as Place) <= timeOf(place)) low = middle + 1;
      else high = middle;
    }
    this.#places.splice(low, 0, place);
  }

  /** Places in use, with those that are held. */
  used(now: number): number {
    let free = 0;
    while (this.#isFree(this.#places[free], now)) free++;
    return this.#limit - free;
  }

  /** When the next place comes free; with all of them held, when those of now do. */
  nextAt(now: number): number {
    const [oldest] = this.#places;
    const used_at = oldest === undefined ? now : timeOf(oldest);
    return Math.max(used_at + this.#width_ms, now);
  }

  #isFree(place: Place | undefined, now: number): boolean {
    return place !== undefined && timeOf(place) + this.#width_ms <= now;
  }
}

const timeOf = ({ used_at }: Place): number => used_at ?? -Infinity;
