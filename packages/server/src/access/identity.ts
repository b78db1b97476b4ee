import { AffidavitError, type AuditEvent, type Scope } from '@affidavit/schema';
import { LRUCache } from 'lru-cache';

import type { AgentsTable, ApiKeysTable } from '../store/tables.ts';
import { hashOf } from './api-key.ts';
import type { StoredDirectory } from './directory.ts';

/** Marks the keys that administer the whole installation; never given to minted keys. */
export const INSTALLATION_SCOPE = 'installation';

/** Who holds the key of a request. */
export interface Identity {
  readonly app: number;
  readonly app_id: string;
  readonly key_id: string;
  readonly prefix: string;
  readonly scopes: ReadonlySet<string>;
  /** May act in every app. */
  readonly installation: boolean;
  readonly agent: AgentsTable | null;
}

function unauthorized(message: string): AffidavitError {
  return new AffidavitError('unauthorized', message);
}

const REMEMBERED_KEYS = 10_000;

interface Holder {
  readonly row: ApiKeysTable;
  readonly identity: Identity;
}

/** Tells who holds the key of a request. Unknown, revoked and expired keys get the same answer. */
export class Gate {
  readonly #directory: StoredDirectory;
  readonly #now: () => number;
  /** By the hash of the key, as the directory was at `#revision`. */
  readonly #holders = new LRUCache<string, Holder>({ max: REMEMBERED_KEYS });
  #revision: number | null = null;

  constructor(directory: StoredDirectory, now: () => number) {
    this.#directory = directory;
    this.#now = now;
  }

  /** Who holds a bearer key that was asked for before, or null where only the directory can tell. */
  recall(header: string | undefined): Identity | null {
    if (this.#revision === null || this.#revision !== this.#directory.revision) return null;
    const holder = this.#holders.get(hashOf(readKey(header)));
    return holder && isLive(holder.row, this.#now()) ? holder.identity : null;
  }

  /** Resolves a bearer key. */
  async identify(header: string | undefined): Promise<Identity> {
    const hash = hashOf(readKey(header));
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
    const app = await this.#directory.appByNumber(row.app);
    if (!app) throw new AffidavitError('internal', 'the app of the key is gone');
    const agent = row.agent_id === null ? null : await this.#directory.agent(row.app, row.agent_id);
    if (row.agent_id !== null && (!agent || agent.revoked_at !== null)) {
      throw unauthorized('the agent of this API key has been revoked');
    }
    return { row, identity: identityOf(row, app.app_id, agent) };
  }
}

function readKey(header: string | undefined): string {
  if (header === undefined) throw unauthorized('there is no Authorization header');
  const key = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
  if (key === undefined) throw unauthorized('the Authorization header is not a bearer key');
  return key;
}

function identityOf(row: ApiKeysTable, app_id: string, agent: AgentsTable | null): Identity {
  const scopes = new Set(JSON.parse(row.scopes) as string[]);
  const { app, key_id, prefix } = row;
  const installation = scopes.has(INSTALLATION_SCOPE);
  return { app, app_id, key_id, prefix, scopes, installation, agent };
}

function isLive({ revoked_at, expires_at }: ApiKeysTable, now: number): boolean {
  return (revoked_at === null || revoked_at > now) && (expires_at === null || expires_at > now);
}

export function hasScope({ scopes }: Identity, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}

export function requireScope(identity: Identity, scope: Scope): void {
  if (hasScope(identity, scope)) return;
  throw new AffidavitError('forbidden', `this needs a key with the scope ${scope}`, {
    expected: scope,
    extra: { required_scope: scope },
  });
}

/** The identity as the record says it. Operators are those who administer. */
export function actorFields(identity: Identity): Partial<AuditEvent> {
  const { agent, key_id, prefix, scopes } = identity;
  const caller_key_prefix = prefix;
  if (agent) {
    return {
      actor_type: 'agent',
      actor_id: agent.agent_id,
      actor_name: agent.name,
      agent_id: agent.agent_id,
      agent_name: agent.name,
      ...(agent.parent_agent_id === null ? {} : { parent_agent_id: agent.parent_agent_id }),
      caller_key_prefix,
    };
  }
  const actor_type = scopes.has('admin') ? 'operator' : 'service';
  return { actor_type, actor_id: key_id, caller_key_prefix };
}
