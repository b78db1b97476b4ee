import { AffidavitError, type AuditEvent } from '@affidavit/schema';

import type { OAuthClient, TokenSet } from '../oauth/client.ts';
import { failedOutcome, failureArgs } from '../oauth/lifecycle.ts';
import type { HeldTokens } from '../oauth/ports.ts';
import { openAccessToken, partyOf } from '../oauth/sealed-tokens.ts';
import type { AppRef, Provider, TokenTrail } from '../ports.ts';
import type { Keyring } from '../sealing.ts';
import type { TokenBounds } from './bounds.ts';

export interface TokenExchangeOptions {
  readonly client: OAuthClient;
  readonly trail: TokenTrail;
  readonly keyring: () => Keyring;
  readonly now: () => Date;
}

/** A call with a minted token on an OAuth grant. */
export interface ExchangeUse {
  readonly app: AppRef;
  readonly provider: Provider;
  readonly token: TokenBounds;
  /** The tokens of the grant, whose scopes are more than the minted token has. */
  readonly held: HeldTokens;
  /** Of the call that is the first to need it. */
  readonly facts: Partial<AuditEvent>;
}

interface Exchanged {
  /** The access token that was cut down, sealed. */
  readonly from: string;
  readonly until: number;
  readonly made: Promise<string>;
}

const REMEMBERED = 10_000;
/** Where the server names no life. */
const LIFE_SECONDS = 300;
/** Not used in its last seconds. */
const SKEW_MS = 5000;

/**
 * Cuts a grant's access token down to what a minted token may do, where the provider's OAuth server
 * exchanges tokens (RFC 8693): what is sent to the provider then opens no more than the minted
 * token does. Held in memory alone, until it expires.
 */
export class TokenExchange {
  readonly #options: TokenExchangeOptions;
  /** By app and minted token, the oldest first. */
  readonly #exchanged = new Map<string, Exchanged>();

  constructor(options: TokenExchangeOptions) {
    this.#options = options;
  }

  /** Whether the token that is sent is to be cut down. */
  static isDue(provider: Provider, token: TokenBounds, held: HeldTokens): boolean {
    if (token.scopes.length === 0) return false;
    if (provider.auth.type !== 'oauth2' || provider.auth.token_exchange !== true) return false;
    // Of one that named no scopes nobody knows what it opens.
    return held.scopes.length === 0 || held.scopes.some((scope) => !token.scopes.includes(scope));
  }

  /**
   * The access token to send. Rejects with `provider_unreachable` or `conflict` where the server
   * does not give one that opens less: the whole one is never sent in its place.
   */
  async tokenFor(use: ExchangeUse): Promise<string> {
    const key = `${use.app.app} ${use.token.token_id}`;
    const from = use.held.sealed_access_token;
    const known = this.#exchanged.get(key);
    if (known?.from === from && known.until > this.#options.now().getTime()) return known.made;
    const [oldest] = this.#exchanged.keys();
    if (this.#exchanged.size >= REMEMBERED && oldest !== undefined) this.#exchanged.delete(oldest);
    const made = this.#exchange(use, key);
    this.#exchanged.delete(key);
    // As long as it is under way all share it.
    this.#exchanged.set(key, { from, until: Infinity, made });
    made.catch(() => {
      if (this.#exchanged.get(key)?.made === made) this.#exchanged.delete(key);
    });
    return made;
  }

  async #exchange(use: ExchangeUse, key: string): Promise<string> {
    const { app, provider, token, held, facts } = use;
    const keyring = this.#options.keyring();
    const party = partyOf(provider, keyring);
    if (!party) throw new AffidavitError('internal', 'the provider has no OAuth server');
    const began = this.#options.now().getTime();
    const whole = openAccessToken(keyring, held);
    const result = await this.#options.client.narrow(party, whole, token.scopes);
    const { scope_granted: _, ...known } = facts;
    const event: AuditEvent = {
      event_type: 'token.exchanged',
      ...known,
      ...result.facts,
      scope_requested: [...token.scopes],
    };
    if (!result.ok) {
      const { failure } = result;
      const told = { ...event, ...failedOutcome(failure), args: failureArgs(failure) };
      await this.#options.trail.note(app, told);
      throw refused(failure.kind === 'unreachable', failure.error);
    }
    return this.#keep({ use, key, began }, event, result.value);
  }

  async #keep(
    { use, key, began }: { use: ExchangeUse; key: string; began: number },
    event: AuditEvent,
    { access_token, scopes, expires_in_seconds }: TokenSet,
  ): Promise<string> {
    const { app, token, held } = use;
    const granted = scopes ?? token.scopes;
    const isWider = granted.some((scope) => !token.scopes.includes(scope));
    const ttl_seconds = Math.floor(expires_in_seconds ?? LIFE_SECONDS);
    const facts = { ...event, scope_granted: [...granted], scope_downscoped: true, ttl_seconds };
    if (isWider) {
      const outcome = { outcome: 'provider_error', error_code: 'scopes_not_narrowed' } as const;
      await this.#options.trail.note(app, { ...facts, ...outcome });
      throw refused(false, 'scopes_not_narrowed');
    }
    await this.#options.trail.note(app, { ...facts, outcome: 'success' });
    const until = began + ttl_seconds * 1000 - SKEW_MS;
    const made = Promise.resolve(access_token);
    this.#exchanged.set(key, { from: held.sealed_access_token, until, made });
    return access_token;
  }
}

function refused(isUnreachable: boolean, error: string): AffidavitError {
  const message = `the OAuth server gives no token for these scopes alone (${error})`;
  return new AffidavitError(isUnreachable ? 'provider_unreachable' : 'conflict', message, {
    advice:
      'Let the client exchange tokens at the OAuth server, or take token_exchange off the provider.',
  });
}
