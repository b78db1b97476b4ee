import { hash, randomBytes } from 'node:crypto';

/**
 * What a browser carries (`afs_`) and what a sign-in link has in it (`afl_`): the number of its app
 * in base 36, so that it is looked up where the rows of its app are, and 32 random bytes. Stored as
 * hashes only.
 */

export type SessionSecret = 'session' | 'link';

export interface NewSessionText {
  /** Shown once. */
  readonly text: string;
  readonly hash: string;
}

const PREFIXES = { session: 'afs', link: 'afl' } as const;
const PATTERN = /^(af[sl])_([0-9a-z]{1,7})_[A-Za-z0-9_-]{43}$/;
/** What the column of a database can hold. */
const APP_MAX = 2 ** 31 - 1;

export function newSessionText(app: number, what: SessionSecret): NewSessionText {
  const random = randomBytes(32).toString('base64url');
  const text = `${PREFIXES[what]}_${app.toString(36)}_${random}`;
  return { text, hash: hashOf(text) };
}

/** Where to look for what somebody brought, who may have made it up; null for what is none. */
export function readSessionText(text: string, what: SessionSecret) {
  const [, prefix, number = ''] = PATTERN.exec(text) ?? [];
  const app = Number.parseInt(number, 36);
  return prefix === PREFIXES[what] && app <= APP_MAX ? { app, hash: hashOf(text) } : null;
}

/** 256 random bits, so a plain hash cannot be reversed. */
const hashOf = (text: string) => hash('sha256', `affidavit session\0${text}`);
