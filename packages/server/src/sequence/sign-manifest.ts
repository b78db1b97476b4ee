import { formatManifest, signNote, type BundleManifest } from '@affidavit/ledger';
import type { Keyring } from '@affidavit/vault/sealing';

import { StoreFailure, type SigningKey } from '../store/port.ts';
import type { LastingThread } from '../threads/lasting.ts';
import { nativeSha256 } from './hash.ts';
import { openSigningKey } from './signing-keys.ts';
import { unavailable } from './unavailable.ts';

/** A manifest to sign: never a text, so that nothing else can be signed by this way. */
export interface ManifestToSign {
  readonly app: number;
  /** The key that the bundle names. */
  readonly vkey: string;
  readonly manifest: BundleManifest;
}

/** The note of a manifest, with one signature, so that each of its bits counts. */
export function signedManifest(
  keyring: Keyring,
  keys: readonly SigningKey[],
  { vkey, manifest }: ManifestToSign,
): string {
  const key = keys.find(({ verifier_key }) => verifier_key === vkey);
  if (key === undefined || manifest.origin !== key.origin) {
    throw new StoreFailure('damaged', 'the key that the bundle names does not sign any more');
  }
  return signNote(formatManifest(manifest), openSigningKey(keyring, key), nativeSha256);
}

/** Asks the writer thread, which has the keys. Rejects with `audit_unavailable` at the deadline. */
export async function signThrough(
  writer: LastingThread,
  request: ManifestToSign,
  deadlineMs: number,
): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const failure = new StoreFailure('timeout', 'the writer does not answer');
    timer = setTimeout(() => reject(failure), deadlineMs);
  });
  try {
    return await Promise.race([writer.call<string>('signManifest', request), expiry]);
  } catch (error) {
    throw error instanceof StoreFailure ? unavailable(error) : error;
  } finally {
    clearTimeout(timer);
  }
}
