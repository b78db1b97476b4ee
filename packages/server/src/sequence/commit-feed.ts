type Listener = (size: number) => void;

/** Tells those who wait for new entries that a log has grown. */
export class CommitFeed {
  readonly #listeners = new Map<number, Set<Listener>>();
  readonly #told = new Map<number, number>();
  #closed = false;

  /** `size` is the new size of the log. */
  publish(app: number, size: number): void {
    this.#told.set(app, this.told(app) + 1);
    for (const listener of this.#listeners.get(app) ?? []) listener(size);
  }

  /** How often was told of a log: a read that began before the last time may lack what came with it. */
  told(app: number): number {
    return this.#told.get(app) ?? 0;
  }

  /** Tells everyone who waits that nothing more will come. */
  close(): void {
    this.#closed = true;
    for (const [app] of this.#listeners) this.publish(app, 0);
  }

  get closed(): boolean {
    return this.#closed;
  }

  subscribe(app: number, listener: Listener): () => void {
    const listeners = this.#listeners.get(app) ?? new Set<Listener>();
    this.#listeners.set(app, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(app);
    };
  }
}
