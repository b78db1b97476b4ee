import { createHash, randomBytes } from 'node:crypto';

import type { Keyring } from '@affidavit/vault';

/**
 * What goes to the OAuth server and comes back by a person's browser. The state is a secret that
 * is good once: only its hash is kept. It begins with the number of the app, so that the row is
 * found where the app's rows are.
 */

/** Sealed exchanges are bound to their row. */
export const exchangePurpose = (connectId: string) => `connect ${connectId}`;

const STATE = /^(\d{1,10})\.[\w-]{43}$/;

export const newState = (app: number): string => `${app}.${randomBytes(32).toString('base64url')}`;

/** RFC 7636: 43 characters. */
export const newVerifier = (): string => randomBytes(32).toString('base64url');

export function hashOfState(state: string): string {
  return createHash('sha256').update(`affidavit connect state\0${state}`).digest('hex');
}

/** The app of a state that anyone may have made up; null where it is none of ours. */
export function appOfState(state: unknown): number | null {
  const app = typeof state === 'string' ? STATE.exec(state)?.[1] : undefined;
  const number = Number(app);
  return app === undefined || number > 2 ** 31 - 1 ? null : number;
}

/** What must not be known to others while a person is on the way. */
export interface PendingExchange {
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
}

export function sealExchange(keyring: Keyring, connectId: string, exchange: PendingExchange) {
  return keyring.seal(JSON.stringify(exchange), exchangePurpose(connectId));
}

export function openExchange(keyring: Keyring, connectId: string, sealed: string) {
  return JSON.parse(keyring.open(sealed, exchangePurpose(connectId)).toString()) as PendingExchange;
}
