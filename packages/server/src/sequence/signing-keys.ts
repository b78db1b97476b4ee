import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

import { formatVerifierKey } from '@affidavit/ledger';
import type { Keyring } from '@affidavit/vault/sealing';

import type { Row, SigningKey } from '../store/port.ts';
import type { LogSigner } from './batch.ts';

const purposeOf = (origin: string) => `signing key of ${origin}`;

/** A fresh Ed25519 key for one log; no two logs share one. Its private half leaves only sealed. */
export function newSigningKey(keyring: Keyring, app: number, origin: string, now: number): Row {
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
  };
}

export function openSigner(keyring: Keyring, key: SigningKey): LogSigner {
  const { origin } = key;
  const privateKey = createPrivateKey({
    key: keyring.open(key.sealed_private_key, purposeOf(origin)),
    format: 'der',
    type: 'pkcs8',
  });
  const signer = {
    name: origin,
    publicKey: key.public_key,
    sign: (message: Uint8Array) => sign(null, message, privateKey),
  };
  return { origin, signer };
}

/** The same key under the current master key. */
export function resealSigningKey(keyring: Keyring, key: SigningKey): string {
  const purpose = purposeOf(key.origin);
  return keyring.seal(keyring.open(key.sealed_private_key, purpose), purpose);
}
