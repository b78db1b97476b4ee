import type { Link } from './link.ts';
import { publish } from './news.ts';

/** Between two times of telling: whoever reads elsewhere need not hear of every commit. */
const PAUSE_MS = 50;

/**
 * Tells all processes how far logs have grown, once that is durable: at once where nothing was told
 * lately, else together with what comes in the pause. Nobody waits for it: what is not heard of is
 * heard of with the next.
 */
export class Growth {
  readonly #sizes = new Map<number, number>();
  #link: Link | null = null;
  #pause: NodeJS.Timeout | null = null;

  /** `grown` has sizes by app; `link` is where the newest of them were written. */
  tell(link: Link, grown: ReadonlyMap<number, number>): void {
    for (const [app, size] of grown) this.#sizes.set(app, size);
    this.#link = link;
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
    if (this.#sizes.size === 0) return;
    void this.#send();
    this.#pause = setTimeout(() => this.#next(), PAUSE_MS);
  }

  async #send(): Promise<void> {
    const news = [...this.#sizes].map(([app, size]) => ({ app, size }));
    this.#sizes.clear();
    if (this.#link) await publish(this.#link, news).catch(() => undefined);
  }
}
