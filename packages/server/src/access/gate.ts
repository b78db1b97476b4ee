import { AffidavitError } from '@affidavit/schema';
import { readTokenText, type AppRef } from '@affidavit/vault';
import { LRUCache } from 'lru-cache';

import type { AgentsTable, ApiKeysTable, TokensTable } from '../store/tables.ts';
import { hashOf } from './api-key.ts';
import { readCookie } from './cookies.ts';
import type { StoredDirectory } from './directory.ts';
import { identityOf, type Identity } from './identity.ts';
import { sessionIdentity, type SessionKind } from './sessions.ts';

function unauthorized(message: string): AffidavitError {
  return new AffidavitError('unauthorized', message);
}

const REMEMBERED = 10_000;

/** What a request brings to say who asks; anyone may have written it. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

/** Where a request came from. */
export interface Origin {
  readonly source_ip: string;
  readonly user_agent: string | undefined;
}

/** Of a token that has ended: who would have held it, and from where it was used. */
export type OnLateUse = (identity: Identity, origin: Origin) => Promise<void>;

/**
 * Tells who asks: who holds the bearer of a request, or where there is none, who is signed in with
 * its cookie. Unknown, revoked and expired ones get the same answer; that somebody used a token
 * after its end is told to `onLateUse` first.
 */
export class Gate {
  readonly #directory: StoredDirectory;
  readonly #now: () => number;
  readonly #onLateUse: OnLateUse;
  readonly #publicUrl: () => string;
  /** By the hash of the key, as the directory was at `#revision`. */
  readonly #holders = new LRUCache<string, Identity>({ max: REMEMBERED });
  #revision: number | null = null;

  constructor(
    directory: StoredDirectory,
    now: () => number,
    { onLateUse, publicUrl }: { onLateUse: OnLateUse; publicUrl: () => string },
  ) {
    this.#directory = directory;
    this.#now = now;
    this.#onLateUse = onLateUse;
    this.#publicUrl = publicUrl;
  }

  /** Whether a request says nothing of who asks. */
  bringsNothing(credentials: Credentials): boolean {
    return credentials.authorization === undefined && this.#operatorCookie(credentials) === null;
  }

  /** Who holds a key that was asked for before, or null where only the directory can tell. */
  recall(credentials: Credentials): Identity | null {
    if (this.#revision === null || this.#revision !== this.#directory.revision) return null;
    // Sessions are asked for each time: one that was ended anywhere is over here.
    if (this.#operatorCookie(credentials) !== null) return null;
    const identity = this.#holders.get(hashOf(readKey(credentials.authorization)));
    return identity && !isOver(identity, this.#now()) ? identity : null;
  }

  /** Resolves a bearer, or the cookie of an operator. */
  async identify(credentials: Credentials, origin: Origin): Promise<Identity> {
    const session = this.#operatorCookie(credentials);
    if (session !== null) return this.#open(session, 'operator');
    const bearer = readKey(credentials.authorization);
    const token = readTokenText(bearer);
    return token ? this.#askForToken(token, origin) : this.#askForKey(hashOf(bearer));
  }

  /** Who has their wallet open. No bearer opens one. */
  async identifyWallet(credentials: Credentials): Promise<Identity> {
    if (credentials.authorization !== undefined) {
      throw unauthorized('the wallet is opened by a person in a browser, not with a key');
    }
    const session = this.#cookie(credentials, 'wallet');
    if (session === null) throw unauthorized('the wallet is not open');
    return this.#open(session, 'wallet');
  }

  /** A bearer always wins, also one that is wrong: the cookie is not looked at. */
  #operatorCookie(credentials: Credentials): string | null {
    return credentials.authorization === undefined ? this.#cookie(credentials, 'operator') : null;
  }

  #cookie({ cookie }: Credentials, kind: SessionKind): string | null {
    return cookie === undefined ? null : readCookie(cookie, kind, this.#publicUrl());
  }

  async #open(session: string, kind: SessionKind): Promise<Identity> {
    const identity = await sessionIdentity(this.#directory, session, kind, this.#now());
    if (identity) return identity;
    throw unauthorized('the session is over, or there never was one');
  }

  async #askForKey(hash: string): Promise<Identity> {
    const { revision } = this.#directory;
    const identity = await this.#ask(hash);
    if (revision !== this.#revision) this.#holders.clear();
    this.#revision = revision;
    this.#holders.set(hash, identity);
    return identity;
  }

  async #ask(hash: string): Promise<Identity> {
    const row = await this.#directory.keyByHash(hash);
    if (!row || !isLive(row, this.#now())) {
      throw unauthorized('the API key is wrong, revoked or expired');
    }
    const agent = await this.#agentOf(row);
    if (row.agent_id !== null && !isAtWork(agent)) {
      throw unauthorized('the agent of this API key has been revoked');
    }
    return identityOf(row, await this.#appOf(row), agent);
  }

  /** A token acts as the key that minted it, and lives no longer than that key and its agent. */
  async #askForToken(place: { app: number; hash: string }, origin: Origin): Promise<Identity> {
    const ended = 'the token is wrong, revoked or expired';
    const token = await this.#directory.tokenByHash(place.app, place.hash);
    const row = token && (await this.#directory.keyById(token.key_app, token.key_id));
    if (!token || !row) throw unauthorized(ended);
    const agent = await this.#agentOf(row);
    const identity = identityOf(row, await this.#appOf(token), agent, token);
    const now = this.#now();
    const isOver = token.state !== 'live' || token.expires_at <= now;
    const isOrphan = !isLive(row, now) || (row.agent_id !== null && !isAtWork(agent));
    if (!isOver && !isOrphan) return identity;
    await this.#onLateUse(identity, origin);
    throw unauthorized(ended);
  }

  async #appOf({ app }: { readonly app: number }): Promise<AppRef> {
    const found = await this.#directory.appByNumber(app);
    if (!found) throw new AffidavitError('internal', 'the app of the key is gone');
    return found;
  }

  async #agentOf({ app, agent_id }: ApiKeysTable): Promise<AgentsTable | null> {
    return agent_id === null ? null : this.#directory.agent(app, agent_id);
  }
}

function readKey(header: string | undefined): string {
  if (header === undefined) throw unauthorized('there is no Authorization header');
  const key = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
  if (key === undefined) throw unauthorized('the Authorization header is not a bearer key');
  return key;
}

const isOver = ({ ends_at }: Identity, now: number) => ends_at !== null && ends_at <= now;

const isAtWork = (agent: AgentsTable | null) => agent !== null && agent.revoked_at === null;

export function isLive({ revoked_at, expires_at }: ApiKeysTable, now: number): boolean {
  return (revoked_at === null || revoked_at > now) && (expires_at === null || expires_at > now);
}

/** Why a token is not accepted any more, as the record says it. */
export function endOf({ state, expires_at }: TokensTable, now: number): string {
  if (state === 'revoked') return 'token_revoked';
  return state === 'expired' || expires_at <= now ? 'token_expired' : 'token_orphaned';
}
