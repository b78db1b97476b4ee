import type { CommitFeed } from '../sequence/commit-feed.ts';

/** Tells one who waits that a log has grown, also since it last asked. */
export class Growth {
  readonly #end: () => void;
  #hasGrown = true;
  #wake: () => void = () => undefined;

  constructor(commits: CommitFeed, app: number) {
    this.#end = commits.subscribe(app, () => {
      this.#hasGrown = true;
      this.#wake();
    });
  }

  /** Resolves when it has grown since the last time, after so long, or at the signal. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#hasGrown && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        timer.unref();
        signal.addEventListener('abort', end, { once: true });
        this.#wake = end;
      });
    }
    this.#hasGrown = false;
  }

  close(): void {
    this.#end();
  }
}
