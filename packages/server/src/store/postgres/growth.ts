import type { Link } from './link.ts';
import { publish } from './news.ts';

/** Between two times of telling: whoever reads elsewhere need not hear of every commit. */
const PAUSE_MS = 50;

/**
 * Tells all processes how far logs have grown, once that is durable: at once where nothing was told
 * lately, else together with what comes in the pause. It tells between transactions only: what is
 * told within one is not heard where that one is taken back. Nobody waits for it, and what could not
 * be told is told with the next.
 */
export class Growth {
  readonly #sizes = new Map<number, number>();
  #link: Link | null = null;
  #pause: NodeJS.Timeout | null = null;
  #held = false;

  /** A transaction begins on the connection. */
  hold(): void {
    this.#held = true;
  }

  /** It has ended on `link`; `grown` has the sizes by app that it made durable. */
  release(link: Link, grown: ReadonlyMap<number, number>): void {
    this.#held = false;
    this.#link = link;
    for (const [app, size] of grown) this.#sizes.set(app, size);
    if (this.#pause === null) this.#next();
  }

  /** Tells the rest. */
  async end(): Promise<void> {
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = null;
    await this.#send();
  }

  #next(): void {
    this.#pause = null;
    if (this.#held || this.#sizes.size === 0 || this.#link?.lost) return;
    void this.#send();
    this.#pause = setTimeout(() => this.#next(), PAUSE_MS);
  }

  async #send(): Promise<void> {
    const told = [...this.#sizes];
    this.#sizes.clear();
    const news = told.map(([app, size]) => ({ app, size }));
    try {
      if (this.#link) await publish(this.#link, news);
    } catch {
      for (const [app, size] of told) if (!this.#sizes.has(app)) this.#sizes.set(app, size);
    }
  }
}
