import { hash as oneShot, createHash } from 'node:crypto';

import type { Sha256 } from '@affidavit/ledger';

/** The platform's SHA-256 for the ledger's hash port: same digests, in native code. */
export const nativeSha256: Sha256 = (...chunks) => {
  if (chunks.length === 1) return oneShot('sha256', chunks[0] as Uint8Array, 'buffer');
  const digest = createHash('sha256');
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
};
