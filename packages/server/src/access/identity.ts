import { AffidavitError, type AuditEvent, type Role, type Scope } from '@affidavit/schema';

import type { AppRef } from '@affidavit/vault';

import type { AgentsTable, ApiKeysTable, SessionsTable, TokensTable } from '../store/tables.ts';

/** Marks the keys that administer the whole installation; never given to minted keys. */
export const INSTALLATION_SCOPE = 'installation';

/** Who asks: an API key, a token that was minted with one, or the session of a browser. */
export interface Identity {
  readonly app: number;
  readonly app_id: string;
  /** Of a session without a key: who is signed in. */
  readonly key_id: string;
  /** Empty where there is no key. */
  readonly prefix: string;
  readonly scopes: ReadonlySet<string>;
  /** That the key was minted for; null where its scopes were named. */
  readonly role: Role | null;
  /** May act in every app. */
  readonly installation: boolean;
  readonly agent: AgentsTable | null;
  /** When the key ends, epoch ms; null where it does not. */
  readonly ends_at: number | null;
  /** Set where the bearer is a token: it acts as its key, and only where tokens may. */
  readonly token: TokensTable | null;
  /** Set where a person asks by the session of a browser. */
  readonly session: SessionsTable | null;
}

export function identityOf(
  row: ApiKeysTable,
  { app, app_id }: AppRef,
  agent: AgentsTable | null,
  token: TokensTable | null = null,
): Identity {
  const scopes = new Set(JSON.parse(row.scopes) as string[]);
  const { key_id, prefix, expires_at, revoked_at } = row;
  const installation = token === null && scopes.has(INSTALLATION_SCOPE);
  const ends_at = Math.min(expires_at ?? Infinity, revoked_at ?? Infinity);
  return {
    app,
    app_id,
    key_id,
    prefix,
    scopes,
    role: row.role as Role | null,
    installation,
    agent,
    ends_at: ends_at === Infinity ? null : ends_at,
    token,
    session: null,
  };
}

/** What tells this bearer from others, such as those that go back to the same key. */
export const bearerId = ({ token, session, key_id }: Identity): string =>
  token?.token_id ?? session?.session_id ?? key_id;

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

/** The identity as the record says it. Operators are those who administer, or have a role. */
export function actorFields(identity: Identity): Partial<AuditEvent> {
  const { agent, key_id, prefix, role, scopes, token, session } = identity;
  if (session) return personFields(session);
  const bearer = {
    ...(prefix === '' ? {} : { caller_key_prefix: prefix }),
    ...(token === null ? {} : { token_id: token.token_id }),
  };
  if (agent) {
    return {
      actor_type: 'agent',
      actor_id: agent.agent_id,
      actor_name: agent.name,
      agent_id: agent.agent_id,
      agent_name: agent.name,
      ...(agent.parent_agent_id === null ? {} : { parent_agent_id: agent.parent_agent_id }),
      ...bearer,
    };
  }
  const actor_type = role !== null || scopes.has('admin') ? 'operator' : 'service';
  return { actor_type, actor_id: key_id, ...bearer };
}

/** Who an operator is. Of who came by a link no more is known than that they did. */
export function personOf(session: SessionsTable): string {
  const { how, operator_id, subject, key_id, session_id } = session;
  return operator_id ?? subject ?? (how === 'key' ? key_id : null) ?? session_id;
}

/** Who is signed in. A wallet's user is also the one whom its entries are about. */
function personFields(session: SessionsTable): Partial<AuditEvent> {
  const { kind, email, name } = session;
  const known = email ?? name;
  const actor_name = known === null ? {} : { actor_name: known };
  if (kind === 'operator') {
    return { actor_type: 'operator', actor_id: personOf(session), ...actor_name };
  }
  const principal_id = session.principal_id as string;
  return {
    actor_type: 'user',
    actor_id: principal_id,
    ...actor_name,
    principal_type: session.principal_type as 'user',
    principal_id,
  };
}
