import { setTimeout as delay } from 'node:timers/promises';

import { AffidavitError, newId, type AuditEvent } from '@affidavit/schema';

import { builtinId } from '../policy/builtin.ts';
import type { AppRef, Grant, Provider } from '../ports.ts';
import type { Keyring } from '../sealing.ts';
import type { OAuthClient, OAuthResult, TokenSet } from './client.ts';
import type { OAuthFailure } from './endpoint.ts';
import { driftOf, endsGrant, failedOutcome, failureArgs, grantFacts, SYSTEM } from './lifecycle.ts';
import type { HeldTokens, TokenStore } from './ports.ts';
import { openRefreshToken, partyOf, sealTokens } from './sealed-tokens.ts';

/** Before it expires, an access token is replaced: a tenth of its life, a minute at most. */
const SKEW_MS_MAX = 60_000;
const SKEW_SHARE = 0.1;
/**
 * A claim ends with its refresh, and when its process has ended. This is for what should not be: a
 * process that lives and has lost it.
 */
const CLAIM_MS = 300_000;
/** Longest wait for a refresh in another process: longer than it takes to see that one is dead. */
const WAIT_MS = 25_000;
const POLL_MS = 40;

export interface TokenKeeperOptions {
  readonly store: TokenStore;
  readonly client: OAuthClient;
  readonly keyring: () => Keyring;
  readonly now: () => number;
}

/** A use of an OAuth grant. */
export interface GrantUse {
  readonly app: AppRef;
  readonly grant: Grant;
  readonly provider: Provider;
  /** The execution that asks, or what else does. */
  readonly caused_by: string;
}

/**
 * Keeps the tokens of OAuth grants fresh. For each grant one refresh is under way at a time, in
 * this process and in all: whoever is first claims it in the transaction of the intent
 * (`token.refresh_started`), and the others wait for what comes of it. A server that rotates
 * refresh tokens takes each only once (RFC 9700 section 4.14): what it answers is written before
 * anything else happens, and a refresh whose answer was lost is known by its claim.
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  readonly #underWay = new Map<string, Promise<HeldTokens>>();

  constructor(options: TokenKeeperOptions) {
    this.#options = options;
  }

  /**
   * Tokens that are good now. Rejects with `conflict` where the grant needs re-authentication, and
   * with `provider_unreachable` where they have expired and the server cannot be asked.
   */
  async current(use: GrantUse): Promise<HeldTokens> {
    const held = await this.#read(use);
    if (!this.#isDue(held)) return held;
    return this.#shared(use, null).catch((error: unknown) => {
      const isPassing = error instanceof AffidavitError && error.code === 'provider_unreachable';
      if (isPassing && !this.#isOver(held)) return held;
      throw error;
    });
  }

  /** Tokens after the provider refused these; the same ones where there is no way to others. */
  renewed(use: GrantUse, refused: HeldTokens): Promise<HeldTokens> {
    return this.#shared(use, refused);
  }

  async #read({ app, grant }: GrantUse): Promise<HeldTokens> {
    const held = await this.#options.store.read(app.app, grant.grant_id);
    if (held && held.sealed_access_token !== '') return held;
    throw needsReauthentication(grant.grant_id);
  }

  #isDue({ expires_at, obtained_at }: HeldTokens): boolean {
    if (expires_at === null) return false;
    const skew = Math.min(SKEW_MS_MAX, (expires_at - obtained_at) * SKEW_SHARE);
    return this.#options.now() >= expires_at - skew;
  }

  #isOver({ expires_at }: HeldTokens): boolean {
    return expires_at !== null && this.#options.now() >= expires_at;
  }

  #shared(use: GrantUse, refused: HeldTokens | null): Promise<HeldTokens> {
    const key = `${use.app.app} ${use.grant.grant_id}`;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const made = this.#renew(use, refused).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, made);
    return made;
  }

  async #renew(use: GrantUse, refused: HeldTokens | null): Promise<HeldTokens> {
    const end = this.#options.now() + WAIT_MS;
    for (;;) {
      const held = await this.#read(use);
      const isRefused = held.sealed_access_token === refused?.sealed_access_token;
      if (!isRefused && !this.#isDue(held)) return held;
      if (held.sealed_refresh_token === null) return this.#withoutRefresh(use, held);
      if (!(await this.#isClaimed(use, held))) {
        await this.#prepare(use);
        const claimed = await this.#claim(use, held);
        if (claimed) return this.#refresh(use, claimed);
      }
      if (this.#options.now() >= end) {
        throw new AffidavitError('overloaded', 'the tokens of the grant are being refreshed', {
          retryAfterSeconds: 1,
        });
      }
      await delay(POLL_MS);
    }
  }

  async #isClaimed({ app }: GrantUse, held: HeldTokens): Promise<boolean> {
    const { refresh_execution_id, refresh_until } = held;
    if (refresh_execution_id === null || (refresh_until ?? 0) <= this.#options.now()) return false;
    return this.#options.store.isUnderWay(app.app, refresh_execution_id);
  }

  /** The provider gave no refresh token: the grant ends with its access token. */
  async #withoutRefresh(use: GrantUse, held: HeldTokens): Promise<HeldTokens> {
    if (!this.#isOver(held)) return held;
    const args = { error: 'access_token_expired', caused_by: use.caused_by };
    return this.#end(use, held, { ...this.#about(use), event_type: 'grant.expired', args });
  }

  /** What takes long comes before the claim. */
  async #prepare({ provider }: GrantUse): Promise<void> {
    const party = partyOf(provider, this.#options.keyring());
    if (party) await this.#options.client.prepare(party);
  }

  /** The intent is durable before the server is asked; null where another was first. */
  async #claim(use: GrantUse, held: HeldTokens): Promise<HeldTokens | null> {
    const execution_id = newId('execution');
    const lost = held.refresh_execution_id ?? held.lost_execution_id;
    const until = this.#options.now() + CLAIM_MS;
    const intent: AuditEvent = {
      ...this.#about(use),
      event_type: 'token.refresh_started',
      execution_id,
      args: { caused_by: use.caused_by, ...(lost === null ? {} : { answer_lost_of: lost }) },
    };
    if (!(await this.#options.store.claim(use.app, held, intent, until))) return null;
    return {
      ...held,
      version: held.version + 1,
      refresh_execution_id: execution_id,
      refresh_until: until,
      lost_execution_id: lost,
    };
  }

  #about({ grant, provider }: GrantUse): Partial<AuditEvent> {
    return { ...SYSTEM, ...grantFacts(grant, provider), credential_masked: true };
  }

  async #refresh(use: GrantUse, held: HeldTokens): Promise<HeldTokens> {
    const result = await this.#ask(use, held);
    const facts = {
      ...this.#about(use),
      ...result.facts,
      execution_id: held.refresh_execution_id as string,
    };
    if (result.ok) return this.#rotate(use, held, result.value, facts);
    const refusal = endsGrant(result);
    if (refusal) return this.#giveUp(use, held, refusal, facts);
    return this.#release(use, held, result.failure, facts);
  }

  async #ask({ provider }: GrantUse, held: HeldTokens): Promise<OAuthResult<TokenSet>> {
    const { client, keyring } = this.#options;
    const party = partyOf(provider, keyring());
    const token = openRefreshToken(keyring(), held);
    if (party && token !== null) return client.refresh(party, token);
    const failure = {
      kind: 'refused',
      error: 'no_oauth_provider',
      may_have_happened: false,
    } as const;
    return { ok: false, failure, facts: {} };
  }

  async #rotate(
    use: GrantUse,
    held: HeldTokens,
    answer: TokenSet,
    facts: Partial<AuditEvent>,
  ): Promise<HeldTokens> {
    const { keyring, now, store } = this.#options;
    const { grant } = use;
    const tokens = sealTokens(keyring(), grant.grant_id, answer, held, now());
    const drift = driftOf(grant, held.scopes, tokens.scopes, this.#about(use));
    const refreshed: AuditEvent = {
      ...facts,
      event_type: 'token.refreshed',
      scope_granted: [...tokens.scopes],
      outcome: 'success',
      args: { rotated: answer.refresh_token !== null, caused_by: use.caused_by },
      ...(answer.expires_in_seconds === null
        ? {}
        : { ttl_seconds: Math.max(0, Math.round(answer.expires_in_seconds)) }),
    };
    const events = drift ? [refreshed, drift.event] : [refreshed];
    const grantScopes = drift ? { grantScopes: drift.grantScopes } : {};
    const change = { kind: 'renewed', tokens, ...grantScopes } as const;
    // Whoever came first, as a re-authentication does, has the newer ones.
    if (!(await store.change(use.app, held, events, change))) return this.#read(use);
    return { ...held, ...tokens, version: held.version + 1, ...RESTED };
  }

  /**
   * The refresh token is of no use any more. Where the answer to an earlier refresh was lost, the
   * server may have taken this one for a second use of it.
   */
  async #giveUp(
    use: GrantUse,
    held: HeldTokens,
    refusal: OAuthFailure,
    facts: Partial<AuditEvent>,
  ): Promise<HeldTokens> {
    const lost = held.lost_execution_id;
    return this.#end(use, held, {
      ...facts,
      event_type: lost === null ? 'grant.expired' : 'token.reuse_detected',
      ...failedOutcome(refusal),
      args: {
        ...failureArgs(refusal),
        caused_by: use.caused_by,
        ...(lost === null ? {} : { answer_lost_of: lost }),
      },
    });
  }

  /** Rejects, but where somebody has brought other tokens in between. */
  async #end(use: GrantUse, held: HeldTokens, event: AuditEvent): Promise<HeldTokens> {
    const at = this.#options.now();
    const whole = { outcome: 'success' as const, ...event };
    const change = { kind: 'ended', at } as const;
    if (!(await this.#options.store.change(use.app, held, [whole], change))) return this.#read(use);
    throw needsReauthentication(use.grant.grant_id);
  }

  /** The server could not be asked, or has a trouble that may pass: the tokens stay. */
  async #release(
    use: GrantUse,
    held: HeldTokens,
    failure: OAuthFailure,
    facts: Partial<AuditEvent>,
  ): Promise<HeldTokens> {
    const { lost_execution_id: before, refresh_execution_id } = held;
    const lost_execution_id = failure.may_have_happened ? refresh_execution_id : before;
    const event: AuditEvent = {
      ...facts,
      event_type: 'token.refreshed',
      ...failedOutcome(failure),
      args: { ...failureArgs(failure), caused_by: use.caused_by },
    };
    const change = { kind: 'released', lost_execution_id } as const;
    if (!(await this.#options.store.change(use.app, held, [event], change))) return this.#read(use);
    throw new AffidavitError(
      'provider_unreachable',
      `the access token could not be refreshed (${failure.error})`,
      { advice: 'Try again; if it stays, check the OAuth server and the client of the provider.' },
    );
  }
}

const RESTED = { refresh_execution_id: null, refresh_until: null, lost_execution_id: null };

/** Why a call with a grant cannot be made until its owner consents again. */
export function needsReauthentication(grantId: string): AffidavitError {
  return new AffidavitError('conflict', `the grant ${grantId} needs re-authentication`, {
    field: 'grant_id',
    advice: 'Have its owner connect again: POST /v1/connect with this grant_id.',
    extra: { grant_id: grantId, policy_id: builtinId('grant_status'), rule: 'grant_status' },
  });
}
