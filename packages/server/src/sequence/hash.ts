import { hash } from 'node:crypto';

import { HASH_SIZE, type Sha256 } from '@affidavit/ledger';

const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
/** A UTF-16 unit becomes three bytes of UTF-8 at most. */
const BYTES_PER_UNIT = 3;

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

/** The first `at` bytes of the scratch space, and behind them a text in UTF-8. */
function withText(at: number, text: string): Uint8Array {
  if (at + text.length * BYTES_PER_UNIT > SCRATCH_BYTES) {
    return Buffer.concat([scratch.subarray(0, at), Buffer.from(text)]);
  }
  return scratch.subarray(0, at + scratch.write(text, at));
}

/** `leafHash` of the ledger for the text of a header: SHA-256(0x00 ‖ header). */
export function hashLeaf(header: string): Uint8Array {
  scratch[0] = 0;
  return digestOf(withText(1, header));
}

/** The same in lower-case hex. */
export function hashLeafHex(header: string): string {
  scratch[0] = 0;
  return hash('sha256', withText(1, header), 'hex');
}

const BLOCK_BYTES = 64;
const outer = Buffer.allocUnsafeSlow(BLOCK_BYTES + HASH_SIZE);

/**
 * `commitPart` of the ledger for the text of a part, in lower-case hex: HMAC-SHA256 (RFC 2104) of
 * the part's name, a zero byte and the text. The salt has 32 bytes.
 */
export function commitText(part: string, salt: Uint8Array, text: string): string {
  scratch.fill(0x36, 0, BLOCK_BYTES);
  outer.fill(0x5c, 0, BLOCK_BYTES);
  for (let i = 0; i < salt.length; i++) {
    scratch[i]! ^= salt[i] as number;
    outer[i]! ^= salt[i] as number;
  }
  const start = BLOCK_BYTES + scratch.write(`${part}\0`, BLOCK_BYTES);
  outer.write(hash('sha256', withText(start, text), 'binary'), BLOCK_BYTES, 'binary');
  return hash('sha256', outer, 'hex');
}
