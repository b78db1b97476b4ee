import { hash } from 'node:crypto';

import { HASH_SIZE, type Sha256 } from '@affidavit/ledger';

const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** A digest of 32 characters, one for each byte, as bytes. */
function bytesOf(digest: string): Uint8Array {
  const bytes = new Uint8Array(HASH_SIZE);
  for (let i = 0; i < HASH_SIZE; i++) bytes[i] = digest.charCodeAt(i);
  return bytes;
}

const digestOf = (bytes: Uint8Array) => bytesOf(hash('sha256', bytes, 'binary'));

/**
 * The platform's SHA-256 for the ledger's hash port: same digests, in native code. One call on
 * joined chunks takes about 60 % of the time of a digest that is fed them one by one, and a digest
 * that comes as text a third of the time of one that comes as a buffer of its own.
 */
export const nativeSha256: Sha256 = (...chunks) => {
  if (chunks.length === 1) return digestOf(chunks[0] as Uint8Array);
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  if (length > SCRATCH_BYTES) return digestOf(Buffer.concat(chunks));
  let end = 0;
  for (const chunk of chunks) {
    scratch.set(chunk, end);
    end += chunk.length;
  }
  return digestOf(scratch.subarray(0, end));
};
