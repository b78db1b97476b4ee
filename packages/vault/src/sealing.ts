import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

import { AffidavitError } from '@affidavit/schema';

const VERSION = 'v1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals small secrets with AES-256-GCM under a master key. The text form is
 * `v1.<key id>.<base64url nonce ‖ ciphertext ‖ tag>`; the key id tells which master key opens it,
 * so that the master key can rotate. `purpose` is bound in as associated data: what was sealed for
 * one row cannot be moved to another.
 */
export interface Keyring {
  readonly currentKeyId: string;
  seal(plaintext: string | Uint8Array, purpose: string): string;
  /** Throws `internal` when no key fits or the text was changed. */
  open(sealed: string, purpose: string): Buffer;
  /** Whether it was sealed under another key than the current one. */
  isStale(sealed: string): boolean;
}

/** The first key seals; all of them open. Each is 32 bytes. */
export function createKeyring(keys: readonly Uint8Array[]): Keyring {
  // Made once: to take in a key as bytes costs more than to open with it.
  const byId = new Map(keys.map((key) => [keyIdOf(key), createSecretKey(key)]));
  const [[currentKeyId, current] = []] = byId;
  if (!current || !currentKeyId) throw new AffidavitError('internal', 'there is no master key');
  return {
    currentKeyId,
    seal: (plaintext, purpose) => seal(current, currentKeyId, plaintext, purpose),
    open: (sealed, purpose) => open(byId, sealed, purpose),
    isStale: (sealed) => sealed.split('.')[1] !== currentKeyId,
  };
}

/** First 8 hex digits of a hash of the key, with a prefix so that it is no plain hash of it. */
export function keyIdOf(key: Uint8Array): string {
  if (key.length !== KEY_BYTES) {
    throw new AffidavitError('internal', `a master key has ${KEY_BYTES} bytes, not ${key.length}`);
  }
  return createHash('sha256')
    .update('affidavit master key id')
    .update(key)
    .digest('hex')
    .slice(0, 8);
}

function seal(key: KeyObject, id: string, plaintext: string | Uint8Array, purpose: string) {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
  const body = Buffer.concat([
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `${VERSION}.${id}.${body.toString('base64url')}`;
}

function open(keys: ReadonlyMap<string, KeyObject>, sealed: string, purpose: string): Buffer {
  const [version, id = '', text = ''] = sealed.split('.');
  const key = keys.get(id);
  if (version !== VERSION || !key) {
    throw new AffidavitError('internal', `no master key with id ${id} is configured`);
  }
  const body = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(purpose))
    .setAuthTag(body.subarray(body.length - TAG_BYTES));
  try {
    const opened = decipher.update(body.subarray(NONCE_BYTES, body.length - TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]);
  } catch (cause) {
    throw new AffidavitError('internal', 'a sealed value does not open', { cause });
  }
}
