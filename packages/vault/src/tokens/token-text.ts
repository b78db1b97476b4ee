import { hash, randomBytes } from 'node:crypto';

/**
 * The text of a minted token: `aft_`, the number of its app in base 36, `_`, 32 random bytes in
 * base64url. The app is in it so that a token can be looked up where the rows of its app are.
 * Stored as a hash only.
 */

const PATTERN = /^aft_([0-9a-z]{1,7})_[A-Za-z0-9_-]{43}$/;

/** What the column of a database can hold. */
const APP_MAX = 2 ** 31 - 1;

export interface NewTokenText {
  /** Shown once. */
  readonly token: string;
  readonly hash: string;
}

export function newTokenText(app: number): NewTokenText {
  const token = `aft_${app.toString(36)}_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashOf(token) };
}

/** Where to look for a bearer that may be a token; null for what is none. An attacker controls it. */
export function readTokenText(bearer: string): { app: number; hash: string } | null {
  const app = Number.parseInt(PATTERN.exec(bearer)?.[1] ?? '', 36);
  return app <= APP_MAX ? { app, hash: hashOf(bearer) } : null;
}

/** 256 random bits, so a plain hash cannot be reversed. */
const hashOf = (token: string) => hash('sha256', `affidavit token\0${token}`);
