import { hash, randomBytes } from 'node:crypto';

/** `afd_` + 8 hex digits that are kept as the prefix + `_` + 32 random bytes. Stored as a hash. */
export interface NewApiKey {
  /** Shown once. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: string;
}

const PREFIX_LENGTH = 12;

export function newApiKey(): NewApiKey {
  const key = `afd_${randomBytes(4).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: prefixOf(key), hash: hashOf(key) };
}

/** What is kept of a key in the open. Of a key that an operator chose, at most a third. */
export function prefixOf(key: string): string {
  if (key.startsWith('afd_')) return key.slice(0, PREFIX_LENGTH);
  return `${key.slice(0, Math.min(PREFIX_LENGTH, Math.floor(key.length / 3)))}…`;
}

/**
 * Keys are 256 random bits, so a plain hash cannot be reversed. A key is looked up by the hash of
 * the whole of it: how long that takes tells nothing about any stored key.
 */
export function hashOf(key: string): string {
  return hash('sha256', `affidavit api key\0${key}`);
}
