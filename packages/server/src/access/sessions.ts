import { AffidavitError, type Role } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';

import type { ApiKeysTable, SessionsTable } from '../store/tables.ts';
import type { StoredDirectory } from './directory.ts';
import { INSTALLATION_SCOPE, personOf, type Identity } from './identity.ts';
import { SCOPES_OF } from './roles.ts';
import { readSessionText } from './session-text.ts';

/** Whose a session is, asked each time: it ends with what it was begun by. */

export type SessionKind = 'operator' | 'wallet';

/** What a session may do now, and until when whoever vouches for it does. */
interface Standing {
  readonly role: Role | null;
  readonly scopes: readonly string[];
  readonly ends_at: number;
}

const FOR_EVER = Infinity;

/** The identity of a session that is open, or null. `text` is what a browser brought. */
export async function sessionIdentity(
  directory: StoredDirectory,
  text: string,
  kind: SessionKind,
  now: number,
): Promise<Identity | null> {
  const place = readSessionText(text, 'session');
  const [row] = place ? await directory.rows('sessions', { ...place }) : [];
  return row?.kind === kind ? identityOfRow(directory, row, now) : null;
}

/** As above, of a row. */
export async function identityOfRow(
  directory: StoredDirectory,
  row: SessionsTable,
  now: number,
): Promise<Identity | null> {
  if (!isOpen(row, now)) return null;
  const app = await directory.appByNumber(row.app);
  const standing = await standingOf(directory, row, now);
  return app && standing ? identityOf(row, app, standing) : null;
}

function isOpen({ hash, ended_at, expires_at }: SessionsTable, now: number): boolean {
  return hash !== null && ended_at === null && expires_at > now;
}

function identityOf(row: SessionsTable, { app, app_id }: AppRef, standing: Standing): Identity {
  const { role, scopes, ends_at } = standing;
  return {
    app,
    app_id,
    key_id: row.key_id ?? personOf(row),
    prefix: '',
    scopes: new Set(scopes),
    role,
    installation: row.installation === 1,
    agent: null,
    ends_at: Math.min(row.expires_at, ends_at),
    token: null,
    session: row,
  };
}

/** Null where nobody vouches for it any more. */
async function standingOf(
  directory: StoredDirectory,
  row: SessionsTable,
  now: number,
): Promise<Standing | null> {
  const key = row.key_id === null ? null : await keyOf(directory, row);
  if (row.key_id !== null && !(key && isLiveKey(key, now))) return null;
  const ends_at = key ? endOfKey(key) : FOR_EVER;
  if (row.kind === 'wallet') {
    const known = row.issuer === null || (await isIssuerOf(directory, row, 'wallet'));
    return known ? { role: null, scopes: [], ends_at } : null;
  }
  if (row.issuer !== null && !(await isIssuerOf(directory, row, 'operators'))) return null;
  const role = await roleOf(directory, row);
  return role === null ? null : { role, scopes: SCOPES_OF[role], ends_at };
}

async function roleOf(directory: StoredDirectory, row: SessionsTable): Promise<Role | null> {
  const { app, operator_id, role } = row;
  if (operator_id === null) return role as Role | null;
  const [operator] = await directory.rows('operators', { app, operator_id });
  return (operator?.role ?? null) as Role | null;
}

async function keyOf(directory: StoredDirectory, { key_app, key_id }: SessionsTable) {
  const key = await directory.keyById(key_app as number, key_id as string);
  const isAgents = key !== null && key.agent_id !== null;
  const agent = isAgents ? await directory.agent(key.app, key.agent_id as string) : null;
  return isAgents && agent?.revoked_at !== null ? null : key;
}

/** People are signed in by the provider that is named now, or not at all. */
async function isIssuerOf(
  directory: StoredDirectory,
  { app, issuer }: SessionsTable,
  audience: string,
) {
  const [provider] = await directory.rows('identity_providers', { app, audience });
  return provider?.issuer === issuer;
}

const endOfKey = ({ revoked_at, expires_at }: ApiKeysTable): number =>
  Math.min(revoked_at ?? FOR_EVER, expires_at ?? FOR_EVER);

const isLiveKey = (key: ApiKeysTable, now: number): boolean => endOfKey(key) > now;

/** The role that an API key signs in with; rejects those that are not for people. */
export function roleOfKey(key: ApiKeysTable): { role: Role; installation: boolean } {
  const scopes = new Set(JSON.parse(key.scopes) as string[]);
  const role = (key.role as Role | null) ?? (scopes.has('admin') ? 'owner' : null);
  if (role !== null && key.agent_id === null) {
    return { role, installation: scopes.has(INSTALLATION_SCOPE) };
  }
  const what = key.agent_id === null ? 'has no role and not the scope admin' : 'is an agent’s';
  throw new AffidavitError('forbidden', `the key ${what}: nobody signs in with it`, {
    field: 'key',
    expected: 'a key of a role, or one with the scope admin',
    advice: 'Ask an owner for a sign-in link, or for a key of a role.',
  });
}
