import { randomFillSync } from 'node:crypto';

/** Random bytes are drawn in bulk: one call to the system for many of them. */
const POOL_BYTES = 16 * 1024;
const pool = new Uint8Array(POOL_BYTES);
let drawn = POOL_BYTES;

/** Fresh random bytes, up to 1 KiB. They are wiped from the pool as they are handed out. */
export function drawRandom(bytes: number): Uint8Array {
  if (drawn + bytes > POOL_BYTES) {
    randomFillSync(pool);
    drawn = 0;
  }
  const taken = pool.slice(drawn, drawn + bytes);
  pool.fill(0, drawn, drawn + bytes);
  drawn += bytes;
  return taken;
}
