import { writeDrained } from './drain.ts';
import type { Context } from './route.ts';

/**
 * Sends an answer of any length piece by piece, only as fast as the reader takes it, so that
 * memory does not grow with it. Rejects with what goes wrong before the first piece; what fails
 * after that cuts the answer off: the connection ends without the final chunk, which every HTTP
 * client sees as an error.
 */
export async function sendPieces(
  { services, reply }: Context,
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<undefined> {
  const iterator = pieces[Symbol.asyncIterator]();
  let piece = await iterator.next();
  const kept = reply.getHeaders();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { ...kept, ...headers } as Record<string, string>);
  try {
    while (!piece.done && !raw.destroyed) {
      await writeDrained(raw, piece.value);
      piece = await iterator.next();
    }
    raw.end();
  } catch (error) {
    services.journal.error({ err: error }, 'an answer was cut off');
    raw.destroy();
  }
  return undefined;
}
