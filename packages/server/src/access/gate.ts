import { AffidavitError } from '@affidavit/schema';
import { readTokenText, type AppRef } from '@affidavit/vault';
import { LRUCache } from 'lru-cache';

import type { AgentsTable, ApiKeysTable, TokensTable } from '../store/tables.ts';
import { hashOf } from './api-key.ts';
import type { StoredDirectory } from './directory.ts';
import { identityOf, type Identity } from './identity.ts';

function unauthorized(message: string): AffidavitError {
  return new AffidavitError('unauthorized', message);
}

const REMEMBERED_KEYS = 10_000;

interface Holder {
  readonly row: ApiKeysTable;
  readonly identity: Identity;
}

/** Where a request came from. */
export interface Origin {
  readonly source_ip: string;
  readonly user_agent: string | undefined;
}

/** Of a token that has ended: who would have held it, and from where it was used. */
export type OnLateUse = (identity: Identity, origin: Origin) => Promise<void>;

/**
 * Tells who holds the bearer of a request. Unknown, revoked and expired ones get the same answer;
 * that somebody used a token after its end is told to `onLateUse` first.
 */
export class Gate {
  readonly #directory: StoredDirectory;
  readonly #now: () => number;
  readonly #onLateUse: OnLateUse;
  /** By the hash of the key, as the directory was at `#revision`. */
  readonly #holders = new LRUCache<string, Holder>({ max: REMEMBERED_KEYS });
  #revision: number | null = null;

  constructor(directory: StoredDirectory, now: () => number, onLateUse: OnLateUse) {
    this.#directory = directory;
    this.#now = now;
    this.#onLateUse = onLateUse;
  }

  /** Who holds a bearer key that was asked for before, or null where only the directory can tell. */
  recall(header: string | undefined): Identity | null {
    if (this.#revision === null || this.#revision !== this.#directory.revision) return null;
    const holder = this.#holders.get(hashOf(readKey(header)));
    return holder && isLive(holder.row, this.#now()) ? holder.identity : null;
  }

  /** Resolves a bearer. */
  async identify(header: string | undefined, origin: Origin): Promise<Identity> {
    const bearer = readKey(header);
    const place = readTokenText(bearer);
    if (place) return this.#askForToken(place, origin);
    const hash = hashOf(bearer);
    const { revision } = this.#directory;
    const holder = await this.#ask(hash);
    if (revision !== this.#revision) this.#holders.clear();
    this.#revision = revision;
    this.#holders.set(hash, holder);
    return holder.identity;
  }

  async #ask(hash: string): Promise<Holder> {
    const row = await this.#directory.keyByHash(hash);
    if (!row || !isLive(row, this.#now())) {
      throw unauthorized('the API key is wrong, revoked or expired');
    }
    const agent = await this.#agentOf(row);
    if (row.agent_id !== null && !isAtWork(agent)) {
      throw unauthorized('the agent of this API key has been revoked');
    }
    return { row, identity: identityOf(row, await this.#appOf(row), agent) };
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

const isAtWork = (agent: AgentsTable | null) => agent !== null && agent.revoked_at === null;

export function isLive({ revoked_at, expires_at }: ApiKeysTable, now: number): boolean {
  return (revoked_at === null || revoked_at > now) && (expires_at === null || expires_at > now);
}

/** Why a token is not accepted any more, as the record says it. */
export function endOf({ state, expires_at }: TokensTable, now: number): string {
  if (state === 'revoked') return 'token_revoked';
  return state === 'expired' || expires_at <= now ? 'token_expired' : 'token_orphaned';
}
