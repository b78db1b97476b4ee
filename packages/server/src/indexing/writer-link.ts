import { notify } from '../threads/rpc.ts';
import type { IndexWrite } from './write.ts';

/** What the indexer asks of the writer thread: to write pages, or to tidy. */
export type IndexNotice =
  | { readonly id: number; readonly write: IndexWrite }
  | { readonly tidy: number };

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends steps of the index to the writer thread, by way of the main thread. */
export class WriterLink {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  write(write: IndexWrite): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      notify({ id, write } satisfies IndexNotice);
    });
  }

  settle({ id, error }: { readonly id: number; readonly error: string | null }): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve();
    else waiting?.reject(new Error(error));
  }
}
