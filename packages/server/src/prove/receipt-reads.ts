import type { ReaderPool } from '../query/reader-pool.ts';
import type { Receipts, SignedSize } from './proofs.ts';

/** Places in one read at most; a commit has fewer. */
const SHARED_PLACES = 2000;

interface SharedRead {
  readonly seqs: number[];
  readonly answer: Promise<Receipts>;
}

/**
 * Proofs for what was just written. What was acknowledged in one commit is under one checkpoint,
 * so that all who want receipts of it share one read.
 */
export class ReceiptReads {
  readonly #readers: Pick<ReaderPool, 'run'>;
  readonly #gathering = new Map<string, SharedRead>();

  constructor(readers: Pick<ReaderPool, 'run'>) {
    this.#readers = readers;
  }

  /** A tlog-proof for each place, under the checkpoint that is given, or the newest. */
  async prove(app: number, seqs: readonly number[], signed?: SignedSize): Promise<Receipts> {
    const key = `${app} ${signed?.checkpoint ?? ''}`;
    let shared = this.#gathering.get(key);
    if (!shared || shared.seqs.length + seqs.length > SHARED_PLACES) {
      shared = this.#gather(key, app, signed);
    }
    const first = shared.seqs.length;
    shared.seqs.push(...seqs);
    const { proofs, checkpoint } = await shared.answer;
    return { proofs: proofs.slice(first, first + seqs.length), checkpoint };
  }

  /** Begins a read that others may join until this turn of the event loop ends. */
  #gather(key: string, app: number, signed?: SignedSize): SharedRead {
    const seqs: number[] = [];
    const turnEnds = new Promise<void>((resolve) => setImmediate(resolve));
    const answer = turnEnds.then(() => {
      if (this.#gathering.get(key) === shared) this.#gathering.delete(key);
      return this.#readers.run<Receipts>('receipts', { app, seqs, ...(signed ? { signed } : {}) });
    });
    const shared = { seqs, answer };
    this.#gathering.set(key, shared);
    return shared;
  }
}
