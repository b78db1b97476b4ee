import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

import { formatVerifierKey, type NoteSigner } from '@affidavit/ledger';
import type { Keyring } from '@affidavit/vault/sealing';

import { StoreFailure, type SigningKey } from '../store/port.ts';
import type { LogSigner } from './batch.ts';

const purposeOf = (origin: string) => `signing key of ${origin}`;

/** A row of `signing_keys`, as an effect inserts it. */
export type NewSigningKey = { readonly [K in keyof SigningKey]: SigningKey[K] };

/**
 * A fresh Ed25519 key for one log, its first; no two logs share one. Its private half leaves only
 * sealed.
 */
export function newSigningKey(
  keyring: Keyring,
  app: number,
  origin: string,
  now: number,
): NewSigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    app,
    from_size: 0,
    origin,
    verifier_key: formatVerifierKey(origin, raw),
    public_key: raw,
    sealed_private_key: keyring.seal(pkcs8, purposeOf(origin)),
    created_at: now,
    retires_at: null,
    to_size: null,
    change: null,
    change_checkpoint: null,
  };
}

export type SealedKey = Pick<SigningKey, 'origin' | 'public_key' | 'sealed_private_key'>;

export function openSigningKey(keyring: Keyring, key: SealedKey): NoteSigner {
  const { origin } = key;
  const privateKey = createPrivateKey({
    key: keyring.open(key.sealed_private_key, purposeOf(origin)),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    name: origin,
    publicKey: key.public_key,
    sign: (message: Uint8Array) => sign(null, message, privateKey),
  };
}

/** Who signs for a log: all keys that do so now. Throws `StoreFailure` where there is none. */
export function openSigner(keyring: Keyring, keys: readonly SigningKey[]): LogSigner {
  const [newest] = keys;
  if (newest === undefined) throw new StoreFailure('damaged', 'a log has no signing key');
  const signers = keys.map((key) => openSigningKey(keyring, key));
  return { origin: newest.origin, signers };
}

/** The same key under the current master key. */
export function resealSigningKey(keyring: Keyring, key: SigningKey): string {
  const purpose = purposeOf(key.origin);
  return keyring.seal(keyring.open(key.sealed_private_key, purpose), purpose);
}
