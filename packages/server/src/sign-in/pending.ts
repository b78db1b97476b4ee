import { randomBytes } from 'node:crypto';

import type { Audience } from '@affidavit/schema';
import type { Keyring } from '@affidavit/vault';

/**
 * What must be known again when an identity provider sends a browser back. It travels sealed in a
 * cookie of that browser: whoever comes back in another one has not begun here.
 */
export interface PendingSignIn {
  readonly app: number;
  readonly audience: Audience;
  readonly issuer: string;
  readonly client_id: string;
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
  /** Where the person is led in the end. */
  readonly to: string;
  /** Epoch ms. */
  readonly expires_at: number;
}

/** How long a person has at their identity provider. */
export const PENDING_MS = 10 * 60_000;
const PURPOSE = 'pending sign-in';

/** RFC 7636 asks for 43 characters; enough for a state and a nonce, too. */
export const newRandom = (): string => randomBytes(32).toString('base64url');

export const sealPending = (keyring: Keyring, pending: PendingSignIn): string =>
  keyring.seal(JSON.stringify(pending), PURPOSE);

/** Null where it is none of ours, or too old: anyone may have made it up. */
export function openPending(keyring: Keyring, sealed: string, now: number): PendingSignIn | null {
  let pending: PendingSignIn;
  try {
    pending = JSON.parse(keyring.open(sealed, PURPOSE).toString()) as PendingSignIn;
  } catch {
    return null;
  }
  return pending.expires_at > now ? pending : null;
}

const HOME: Readonly<Record<Audience, string>> = { operators: '/', wallet: '/wallet' };
/** A path of this server, in characters that no browser reads in another way. */
const OWN_PATH = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]{0,2000}$/;

/** Own pages only: whatever else stands there came from somebody else. */
export function wayBack(audience: Audience, to: string | undefined): string {
  if (to === undefined || !OWN_PATH.test(to) || /^\/v1(\/|$)/.test(to)) return HOME[audience];
  const isWallet = /^\/wallet([/?#]|$)/.test(to);
  return isWallet === (audience === 'wallet') ? to : HOME[audience];
}

/** Where a person reads why they were not let in. */
export function wayToError(audience: Audience, error: string): string {
  return `${audience === 'wallet' ? '/wallet' : '/sign-in'}?error=${error}`;
}
