import { DatabaseSync } from 'node:sqlite';

/** Pages (8 KiB) of the write-ahead file from which moving them into the database is worth it. */
const PAGES_MIN = 1024;
const PAUSE_MS = 250;

/**
 * Moves pages from the write-ahead file into the database beside the writer, so that no commit
 * pays for it. A passive checkpoint blocks nobody; the writer only has to start the file over
 * (`SqliteStore.tidy`) when it has grown long under constant load.
 */
export class Checkpointer {
  readonly #db: DatabaseSync;
  readonly #timer: NodeJS.Timeout;

  /** `onLong` gets the length of the write-ahead file, in pages, after each pass. */
  constructor(path: string, onLong: (pages: number) => void) {
    this.#db = new DatabaseSync(path, { timeout: 0 });
    this.#db.exec('PRAGMA synchronous = FULL');
    let moved = 0;
    this.#timer = setInterval(() => {
      try {
        const pages = this.#length();
        if (pages === moved || pages < PAGES_MIN) return;
        moved = this.#move();
        onLong(pages);
      } catch {
        // A full disk or a lock: what is not moved stays safe where it is, and is tried again.
        moved = 0;
      }
    }, PAUSE_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#db.close();
  }

  /** NOOP answers the length without moving anything (SQLite 3.51). */
  #length(): number {
    const row = this.#db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as
      | { log?: number }
      | undefined;
    return row?.log ?? 0;
  }

  #move(): number {
    const row = this.#db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as
      | { checkpointed?: number }
      | undefined;
    return row?.checkpointed ?? 0;
  }
}
