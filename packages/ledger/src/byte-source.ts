import { concat } from './bytes.ts';
import { LedgerError } from './error.ts';

/** Bytes as they come: a stream, or an array of pieces. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bytes out of chunks, wherever they are cut. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #current: Uint8Array = new Uint8Array(0);

  constructor(chunks: Chunks) {
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  async take(count: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let missing = count; missing > 0;) {
      if (this.#current.length === 0 && !(await this.#next())) throw cutOff();
      const piece = this.#current.subarray(0, missing);
      this.#current = this.#current.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : concat(...pieces);
  }

  /** The bytes before the next newline, which must be there; refuses more than `limit` of them. */
  async line(limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let length = 0; length <= limit;) {
      if (this.#current.length === 0 && !(await this.#next())) throw cutOff();
      const newline = this.#current.indexOf(0x0a);
      const piece = this.#current.subarray(0, newline < 0 ? this.#current.length : newline);
      this.#current = this.#current.subarray(piece.length + (newline < 0 ? 0 : 1));
      length += piece.length;
      pieces.push(piece);
      if (newline >= 0 && length <= limit) return pieces.length === 1 ? piece : concat(...pieces);
    }
    throw new LedgerError('malformed', 'A line is too long.');
  }

  async isAtEnd(): Promise<boolean> {
    return this.#current.length === 0 && !(await this.#next());
  }

  /** Goes on to the next chunk that holds something; false when there is none. */
  async #next(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      this.#current = value;
      return true;
    }
  }
}

const cutOff = (): LedgerError => new LedgerError('malformed', 'It is cut off.');
