import { newId, type AuditEvent, type Json } from '@affidavit/schema';
import {
  driftOf,
  failedOutcome,
  failureArgs,
  partyOf,
  sealTokens,
  type AppRef,
  type OAuthFailure,
  type OAuthParty,
  type OAuthResult,
  type TokenSet,
} from '@affidavit/vault';

import type { Services } from '../services.ts';
import type { Effect } from '../store/port.ts';
import type { ConnectsTable, GrantsTable } from '../store/tables.ts';
import { isConflict } from './conflict.ts';
import { newGrant, newTokens } from './rows.ts';
import { connectFacts } from './connect-start.ts';
import { appOfState, hashOfState, openExchange } from './connect-state.ts';
import { grantEvent } from './entry.ts';

export type Finishing = Pick<
  Services,
  'directory' | 'trail' | 'keyring' | 'now' | 'oauth' | 'journal'
>;

/** Who came back, as far as can be seen. */
export interface EndUser {
  readonly source_ip: string;
  readonly user_agent: string | undefined;
}

export interface Finished {
  readonly status: 'connected' | 'failed';
  /** Why not: the server's `error`, or one of ours. */
  readonly error?: string;
  readonly connect: ConnectsTable;
}

/** Tries of a re-authentication that a refresh came before. */
const TRIES_MAX = 5;
const NOT_SENT: Pick<OAuthFailure, 'kind' | 'may_have_happened'> = {
  kind: 'refused',
  may_have_happened: false,
};

/**
 * What a browser brought back from an OAuth server; anyone may have written it. Null where the
 * state is none of ours. Otherwise the connect has ended, on the record, one way or the other:
 * its state is good once. Rejects with `audit_unavailable` where that cannot be written.
 */
export async function finishConnect(
  services: Finishing,
  answer: URLSearchParams,
  endUser: EndUser,
): Promise<Finished | null> {
  const states = answer.getAll('state');
  const number = states.length === 1 ? appOfState(states[0]) : null;
  const app = number === null ? null : await services.directory.appByNumber(number);
  if (!app) return null;
  const state_hash = hashOfState(states[0] as string);
  const [row] = await services.directory.rows('connects', { app: app.app, state_hash });
  if (!row) return null;
  const connect = new Connect(services, { app: app.app, app_id: app.app_id }, row, endUser);
  if (row.status !== 'pending' || !(await connect.claim())) return connect.replayed();
  if (row.expires_at <= services.now()) return connect.fail(ours('expired'));
  return connect.exchange(answer, states[0] as string);
}

const ours = (error: string): OAuthFailure => ({ ...NOT_SENT, error });

/** A connect on its last way. */
export class Connect {
  readonly #services: Finishing;
  readonly #app: AppRef;
  readonly #row: ConnectsTable;
  readonly #endUser: EndUser | null;

  constructor(services: Finishing, app: AppRef, row: ConnectsTable, endUser: EndUser | null) {
    this.#services = services;
    this.#app = app;
    this.#row = row;
    this.#endUser = endUser;
  }

  /** Whether nobody came with this state before; from now on it is used. */
  async claim(): Promise<boolean> {
    try {
      await this.#services.trail.apply(this.#app.app, [
        this.#update('pending', { status: 'exchanging' }),
      ]);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  #update(status: string, set: { readonly [column: string]: string | number | null }): Effect {
    const { app, connect_id } = this.#row;
    return { op: 'update', table: 'connects', where: { app, connect_id, status }, set };
  }

  /** That a state came back again is on the record once, however often it does. */
  async replayed(): Promise<Finished> {
    const { app, connect_id } = this.#row;
    const where = { app, connect_id, replayed: 0 };
    const effect: Effect = { op: 'update', table: 'connects', where, set: { replayed: 1 } };
    try {
      await this.#record([this.#failure(ours('replayed'), {})], [effect]);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    return { status: 'failed', error: 'replayed', connect: this.#row };
  }

  async fail(failure: OAuthFailure, facts: Partial<AuditEvent> = {}): Promise<Finished> {
    const { error } = failure;
    const ended = { status: 'failed', error, sealed_exchange: '', ended_at: this.#services.now() };
    await this.#record([this.#failure(failure, facts)], [this.#update('exchanging', ended)]);
    return { status: 'failed', error, connect: this.#row };
  }

  /** Of one that nobody will come back for. */
  giveUp(error: string): Promise<Finished> {
    return this.fail(ours(error));
  }

  #failure(failure: OAuthFailure, facts: Partial<AuditEvent>): AuditEvent {
    const about = connectFacts(this.#row);
    return {
      event_type: 'grant.connect_failed',
      ...about,
      ...facts,
      ...failedOutcome(failure),
      args: { ...about.args, ...failureArgs(failure), ...this.#seen() },
    };
  }

  /** What is known of the person in front of the browser. */
  #seen(tokens?: TokenSet): Record<string, Json> {
    const { source_ip, user_agent } = this.#endUser ?? {};
    const end_user = {
      ...(source_ip === undefined ? {} : { source_ip }),
      ...(user_agent === undefined ? {} : { user_agent }),
      ...(tokens?.subject ? { subject: tokens.subject } : {}),
      ...(tokens?.email ? { email: tokens.email } : {}),
    };
    return Object.keys(end_user).length === 0 ? {} : { end_user };
  }

  /** The actor is whoever began it. */
  #record(events: readonly AuditEvent[], effects: readonly Effect[]) {
    const actor = JSON.parse(this.#row.started_by) as Partial<AuditEvent>;
    const whole = events.map((event) => ({ ...actor, ...event }));
    return this.#services.trail.record({ ...this.#app, events: whole, effects, owed: true });
  }

  async exchange(answer: URLSearchParams, state: string): Promise<Finished> {
    const { keyring, directory, oauth } = this.#services;
    const { connect_id, sealed_exchange, provider: name } = this.#row;
    const provider = await directory.provider(this.#app.app, name);
    const party = provider && partyOf(provider, keyring);
    if (!party) return this.fail(ours('provider_gone'));
    const pending = openExchange(keyring, connect_id, sealed_exchange);
    const scopes = JSON.parse(this.#row.scopes) as string[];
    const result = await oauth.client.exchange(party, answer, { ...pending, scopes, state });
    if (!result.ok) return this.fail(result.failure, result.facts);
    return this.#accept(party, result);
  }

  /** Tokens that cannot be kept are given back: nobody else would. */
  async #accept(
    party: OAuthParty,
    result: OAuthResult<TokenSet> & { readonly ok: true },
  ): Promise<Finished> {
    try {
      const refusal = await this.#keep(result.value, result.facts);
      if (refusal === null) return { status: 'connected', connect: this.#row };
      await this.#giveBack(party, result.value);
      return await this.fail(ours(refusal), result.facts);
    } catch (error) {
      await this.#giveBack(party, result.value);
      throw error;
    }
  }

  async #giveBack(party: OAuthParty, { refresh_token, access_token }: TokenSet): Promise<void> {
    const { client } = this.#services.oauth;
    const revoked =
      refresh_token === null
        ? await client.revoke(party, access_token, 'access_token')
        : await client.revoke(party, refresh_token, 'refresh_token');
    if (!revoked.ok) this.#services.journal.warn('tokens that were not kept could not be revoked');
  }

  /** Resolves with why the tokens are not kept, or null. */
  #keep(answer: TokenSet, facts: Partial<AuditEvent>): Promise<string | null> {
    return this.#row.reauthenticates === 1
      ? this.#reauthenticate(answer, facts)
      : this.#create(answer, facts);
  }

  #ended(grant_id: string): Effect {
    const ended_at = this.#services.now();
    const set = { status: 'connected', grant_id, sealed_exchange: '', ended_at };
    return this.#update('exchanging', set);
  }

  async #create(answer: TokenSet, facts: Partial<AuditEvent>): Promise<null> {
    const { keyring, now } = this.#services;
    const grant_id = newId('grant');
    const requested = JSON.parse(this.#row.scopes) as string[];
    const before = { scopes: requested, sealed_refresh_token: null };
    const tokens = sealTokens(keyring, grant_id, answer, before, now());
    const grant = newGrant(this.#row, grant_id, tokens, now());
    const event = this.#told('grant.created', grant, answer, facts);
    const { app } = this.#app;
    await this.#record(
      [event],
      [
        { op: 'insert', table: 'grants', row: { ...grant } },
        { op: 'insert', table: 'oauth_tokens', row: newTokens(app, grant_id, tokens, answer) },
        this.#ended(grant_id),
      ],
    );
    return null;
  }

  #told(
    event_type: string,
    grant: GrantsTable,
    answer: TokenSet,
    facts: Partial<AuditEvent>,
  ): AuditEvent {
    const { connect_id } = this.#row;
    const requested = JSON.parse(this.#row.scopes) as string[];
    const granted = JSON.parse(grant.scopes) as string[];
    return {
      ...grantEvent(event_type, grant, { connect_id, ...this.#seen(answer) }),
      ...facts,
      context: { connect_id },
      ...(requested.length === 0 ? {} : { scope_requested: requested }),
      scope_downscoped: requested.some((scope) => !granted.includes(scope)),
      credential_masked: true,
      outcome: 'success',
    };
  }

  async #reauthenticate(answer: TokenSet, facts: Partial<AuditEvent>): Promise<string | null> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#renew(answer, facts);
      } catch (error) {
        // A refresh came in between; or the grant was revoked, which the next look shows.
        if (!isConflict(error) || tries === TRIES_MAX) throw error;
      }
    }
  }

  async #renew(answer: TokenSet, facts: Partial<AuditEvent>): Promise<string | null> {
    const { directory, keyring, now } = this.#services;
    const { app } = this.#app;
    const grant_id = this.#row.grant_id as string;
    const row = await directory.grantRow(app, grant_id);
    const grant = await directory.grant(app, grant_id);
    const [held] = await directory.rows('oauth_tokens', { app, grant_id });
    if (!row || !grant || !held || row.revoked_at !== null) return 'grant_revoked';
    const { subject } = answer;
    if (held.subject !== null && subject !== null && held.subject !== subject)
      return 'other_account';
    const before = { scopes: JSON.parse(held.scopes) as string[], sealed_refresh_token: null };
    const tokens = sealTokens(keyring, grant_id, answer, before, now());
    const drift = driftOf(grant, before.scopes, tokens.scopes, grantEvent('', row));
    const scopes = JSON.stringify(drift?.grantScopes ?? grant.scopes);
    const set = { needs_reauth_at: null, scopes, updated_at: now() };
    const event = this.#told('grant.reauthenticated', { ...row, ...set }, answer, facts);
    const fresh = newTokens(app, grant_id, tokens, answer);
    const where = { app, grant_id };
    await this.#record(drift ? [event, drift.event] : [event], [
      { op: 'update', table: 'grants', where: { ...where, revoked_at: null }, set },
      {
        op: 'update',
        table: 'oauth_tokens',
        where: { ...where, version: held.version },
        set: { ...fresh, subject: subject ?? held.subject, version: held.version + 1 },
      },
      this.#ended(grant_id),
    ]);
    return null;
  }
}
