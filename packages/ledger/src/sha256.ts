import { LedgerError } from './error.ts';

/** SHA-256 of the chunks, in order, as if they were one. 32 bytes, always a fresh array. */
export type Sha256 = (...chunks: Uint8Array[]) => Uint8Array;

/** Bytes of a SHA-256 hash. */
export const HASH_SIZE = 32;

const BLOCK_SIZE = 64;

/** FIPS 180-4 section 4.2.2. */
const ROUND_CONSTANTS = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

/** FIPS 180-4 section 5.3.3. */
const INITIAL_STATE = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

// Working memory, reused: a hash is computed without a pause, so two never overlap.
const state = new Int32Array(8);
const schedule = new Int32Array(64);
const tail = new Uint8Array(BLOCK_SIZE);
const tailView = new DataView(tail.buffer);

/** FIPS 180-4 section 6.2.2, step 1. */
function fillSchedule(bytes: Uint8Array, offset: number): void {
  for (let i = 0, at = offset; i < 16; i += 1, at += 4) {
    schedule[i] =
      (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let i = 16; i < 64; i += 1) {
    const a = schedule[i - 15]!;
    const b = schedule[i - 2]!;
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    schedule[i] = (schedule[i - 16]! + s0 + schedule[i - 7]! + s1) | 0;
  }
}

/** FIPS 180-4 section 6.2.2, steps 2 to 4: one block of 64 bytes into the state. */
function compress(bytes: Uint8Array, offset: number): void {
  fillSchedule(bytes, offset);
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + ROUND_CONSTANTS[i]! + schedule[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
  state[5] = (state[5]! + f) | 0;
  state[6] = (state[6]! + g) | 0;
  state[7] = (state[7]! + h) | 0;
}

/** Feeds one chunk, `filled` bytes already waiting in the tail; returns how many wait then. */
function absorb(chunk: Uint8Array, filled: number): number {
  let at = 0;
  let waiting = filled;
  while (at < chunk.length) {
    if (waiting === 0 && chunk.length - at >= BLOCK_SIZE) {
      compress(chunk, at);
      at += BLOCK_SIZE;
      continue;
    }
    const end = Math.min(chunk.length, at + BLOCK_SIZE - waiting);
    while (at < end) tail[waiting++] = chunk[at++]!;
    if (waiting === BLOCK_SIZE) {
      compress(tail, 0);
      waiting = 0;
    }
  }
  return waiting;
}

/** FIPS 180-4 section 5.1.1: a one bit, zeros, the length in bits as a 64-bit integer. */
function pad(filled: number, length: number): void {
  tail[filled] = 0x80;
  tail.fill(0, filled + 1);
  if (filled >= BLOCK_SIZE - 8) {
    compress(tail, 0);
    tail.fill(0);
  }
  tailView.setUint32(BLOCK_SIZE - 8, Math.floor(length / 0x20000000));
  tailView.setUint32(BLOCK_SIZE - 4, (length << 3) >>> 0);
  compress(tail, 0);
}

/** SHA-256 (FIPS 180-4) without any platform library, for browsers and for auditors. */
export const sha256: Sha256 = (...chunks) => {
  state.set(INITIAL_STATE);
  let filled = 0;
  let length = 0;
  for (const chunk of chunks) {
    filled = absorb(chunk, filled);
    length += chunk.length;
  }
  pad(filled, length);
  const digest = new Uint8Array(HASH_SIZE);
  for (let i = 0; i < HASH_SIZE; i += 1) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3));
  return digest;
};

/** HMAC-SHA256 (RFC 2104) over the concatenated message chunks. 32 bytes. */
export function hmacSha256(
  key: Uint8Array,
  message: Uint8Array | readonly Uint8Array[],
  hash: Sha256 = sha256,
): Uint8Array {
  const short = key.length > BLOCK_SIZE ? hash(key) : key;
  const inner = new Uint8Array(BLOCK_SIZE).fill(0x36);
  const outer = new Uint8Array(BLOCK_SIZE).fill(0x5c);
  for (let i = 0; i < short.length; i += 1) {
    inner[i] = 0x36 ^ short[i]!;
    outer[i] = 0x5c ^ short[i]!;
  }
  const chunks = message instanceof Uint8Array ? [message] : message;
  return hash(outer, hash(inner, ...chunks));
}

/** Refuses what cannot be a SHA-256 hash. */
export function requireHash(hash: Uint8Array, what: string): Uint8Array {
  if (hash.length !== HASH_SIZE) throw new LedgerError('malformed', `${what} is not 32 bytes.`);
  return hash;
}
