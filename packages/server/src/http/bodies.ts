import type { IncomingMessage } from 'node:http';

import { AffidavitError } from '@affidavit/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Of one body. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Of all bodies together, from the first byte that came to the end of the answer. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 1;

/**
 * Reads bodies, each within its bound and all together within another: what comes when that is
 * reached is refused before it is read, however many send at once. What was refused is read and
 * dropped: a client that is cut off while it sends would never see why.
 */
export class Bodies {
  #held = 0;

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** To be called before the body is read. Returns why it is refused, if it is. */
  expect(request: FastifyRequest, reply: FastifyReply): AffidavitError | undefined {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > BODY_BYTES_MAX) return tooLarge();
    if (announced > 0 && this.#held + announced > HELD_BYTES_MAX) return overloaded();
    if (request.method !== 'GET') reply.raw.once('close', () => this.#release(request));
    return undefined;
  }

  /** A parser of Fastify: the body as it came, to be parsed when it is known what it is for. */
  read(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
    if (request.is404) return Promise.resolve(Buffer.alloc(0));
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise((resolve, reject) => {
      const refuse = (error: AffidavitError) => {
        payload.off('data', take).off('end', end).resume();
        chunks.length = 0;
        this.#release(request);
        reject(error);
      };
      const take = (chunk: Buffer) => {
        length += chunk.length;
        if (length > BODY_BYTES_MAX) return refuse(tooLarge());
        if (this.#held + chunk.length > HELD_BYTES_MAX) return refuse(overloaded());
        this.#held += chunk.length;
        request.heldBytes = length;
        chunks.push(chunk);
      };
      const end = () =>
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      payload
        .on('data', take)
        .once('end', end)
        .once('error', () => refuse(cutOff()));
    });
  }

  #release(request: FastifyRequest): void {
    this.#held -= request.heldBytes;
    request.heldBytes = 0;
  }
}

function tooLarge(): AffidavitError {
  return new AffidavitError('payload_too_large', 'the body is larger than 16 MiB', {
    expected: 'at most 16 MiB',
  });
}

function overloaded(): AffidavitError {
  return new AffidavitError('overloaded', 'too many bytes of bodies are under way', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Nobody hears it. */
function cutOff(): AffidavitError {
  return new AffidavitError('invalid_request', 'the connection ended before the body did');
}
