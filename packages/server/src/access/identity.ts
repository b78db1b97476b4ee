import { AffidavitError, type AuditEvent, type Scope } from '@affidavit/schema';

import type { AgentsTable, ApiKeysTable } from '../store/tables.ts';
import { hashOf } from './api-key.ts';
import type { StoredDirectory } from './directory.ts';

/** Marks the keys that administer the whole installation; never given to minted keys. */
export const INSTALLATION_SCOPE = 'installation';

/** Who holds the key of a request. */
export interface Identity {
  readonly app: number;
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

/** Resolves a bearer key. Unknown, revoked and expired keys get the same answer. */
export async function authenticate(
  directory: StoredDirectory,
  header: string | undefined,
  now: number,
): Promise<Identity> {
  if (header === undefined) throw unauthorized('there is no Authorization header');
  const key = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
  if (key === undefined) throw unauthorized('the Authorization header is not a bearer key');
  const row = await directory.keyByHash(hashOf(key));
  if (!row || !isLive(row, now)) throw unauthorized('the API key is wrong, revoked or expired');
  const agent = row.agent_id === null ? null : await directory.agent(row.app, row.agent_id);
  if (row.agent_id !== null && (!agent || agent.revoked_at !== null)) {
    throw unauthorized('the agent of this API key has been revoked');
  }
  return identityOf(row, agent);
}

/** Identities by the row they were made from: a row is another object as soon as it changed. */
const identities = new WeakMap<ApiKeysTable, Identity>();

function identityOf(row: ApiKeysTable, agent: AgentsTable | null): Identity {
  const known = identities.get(row);
  if (known && known.agent === agent) return known;
  const scopes = new Set(JSON.parse(row.scopes) as string[]);
  const { app, key_id, prefix } = row;
  const installation = scopes.has(INSTALLATION_SCOPE);
  const identity = { app, key_id, prefix, scopes, installation, agent };
  identities.set(row, identity);
  return identity;
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
