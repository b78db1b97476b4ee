import { AffidavitError, type AuditEvent } from '@affidavit/schema';

import { hashOf } from '../access/api-key.ts';
import { cookieText } from '../access/cookies.ts';
import { isLive } from '../access/gate.ts';
import { identityOf, type Identity } from '../access/identity.ts';
import { newSessionText, readSessionText } from '../access/session-text.ts';
import { identityOfRow, roleOfKey, type SessionKind } from '../access/sessions.ts';
import { isConflict } from '../grants/conflict.ts';
import { administer } from '../http/administer.ts';
import type { Context } from '../http/route.ts';
import { recordOnce } from '../http/trail-reads.ts';
import type { Effect } from '../store/port.ts';
import type { ApiKeysTable, SessionsTable } from '../store/tables.ts';
import { newSession, SESSION_MS, type NewRow } from './rows.ts';

/** Sessions begin: by a one-time link, by an API key, or by what an identity provider says. */

/** Why a link or a key opens nothing, for the record and for people. */
const REFUSALS = {
  used: 'the link was used before',
  expired: 'the link has expired',
  withdrawn: 'the link was withdrawn',
  revoked: 'the key that made the link has ended',
  key_ended: 'the API key is revoked or expired',
  key_not_for_people: 'the API key is not one that people sign in with',
} as const;
type Refusal = keyof typeof REFUSALS;

const ADVICE = {
  operator: 'Ask an owner for a new sign-in link.',
  wallet: 'Open the wallet from the app again.',
} as const;
const STARTED = { operator: 'session.started', wallet: 'user.signed_in' } as const;
const REFUSED = { operator: 'session.refused', wallet: 'user.sign_in_refused' } as const;

/** What is refused counts against where it came from; `rate_limited` when that was too often. */
export async function attempting<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { services, sourceIp } = context;
  services.attempts.admit(sourceIp);
  try {
    return await work();
  } catch (error) {
    const refused = error instanceof AffidavitError && [401, 403].includes(error.status);
    if (refused) services.attempts.failed(sourceIp);
    throw error;
  }
}

/** The session that the link of a kind opens. Of those who come with it at once, one gets it. */
export async function openLink(context: Context, link: string, kind: SessionKind) {
  const { services } = context;
  const place = readSessionText(link, 'link');
  const where = place && { app: place.app, link_hash: place.hash };
  const [row] = where ? await services.directory.rows('sessions', where) : [];
  if (!row || row.kind !== kind) {
    throw unauthorized('the link is not one of ours, or is too old', ADVICE[kind]);
  }
  const now = services.now();
  const fault = faultOf(row, now);
  if (fault) return refuseLink(context, row, fault);
  const { text, hash } = newSessionText(row.app, 'session');
  const set = { hash, opened_at: now, expires_at: now + SESSION_MS[kind] };
  const { app, session_id } = row;
  const unopened = { app, session_id, opened_at: null, ended_at: null };
  const effect: Effect = { op: 'update', table: 'sessions', where: unopened, set };
  const opened = { ...row, ...set };
  if (!(await identityOfRow(services.directory, opened, now))) {
    return refuseLink(context, row, 'revoked');
  }
  try {
    return await begin(context, { row: opened, text }, [effect]);
  } catch (error) {
    if (isConflict(error)) return refuseLink(context, row, 'used');
    throw error;
  }
}

function faultOf({ opened_at, ended_at, expires_at }: SessionsTable, now: number): Refusal | null {
  if (opened_at !== null) return 'used';
  if (ended_at !== null) return 'withdrawn';
  return expires_at <= now ? 'expired' : null;
}

async function refuseLink(context: Context, row: SessionsTable, why: Refusal): Promise<never> {
  const { services } = context;
  const { session_id, kind } = row;
  const event_type = REFUSED[kind as SessionKind];
  const app = await services.directory.appByNumber(row.app);
  if (app) {
    const args = { session_id, how: 'link', why };
    // Whoever came with it is not known.
    const event: AuditEvent = { event_type, actor_type: 'system', actor_id: 'affidavit', args };
    await recordRefusal({ ...context, app }, [session_id, why], event);
  }
  throw unauthorized(REFUSALS[why], ADVICE[kind as SessionKind]);
}

/** Refusals can be had for nothing: the same one is on the record once in a while. */
const recordRefusal = (context: Context, about: readonly string[], event: AuditEvent) =>
  recordOnce(context, about, { ...event, action_type: 'error', outcome: 'blocked' });

/** Signs in whoever has an API key of a role, or one that administers. */
export async function signInWithKey(context: Context, key: string): Promise<Begun> {
  const { services } = context;
  const row = await services.directory.keyByHash(hashOf(key));
  if (!row) throw unauthorized('the API key is wrong');
  const now = services.now();
  if (!isLive(row, now)) return refuseKey(context, row, 'key_ended');
  const standing = await standingOfKey(context, row);
  const { app, key_id, name } = row;
  const { role, installation } = standing;
  const about = { app, key_app: app, key_id, name, role, installation: installation ? 1 : 0 };
  const made = newSession('operator', 'key', about, now);
  return begin(context, made, [{ op: 'insert', table: 'sessions', row: { ...made.row } }]);
}

async function standingOfKey(context: Context, row: ApiKeysTable) {
  try {
    return roleOfKey(row);
  } catch (error) {
    await refuseKey(context, row, 'key_not_for_people').catch(onlyUnauthorized);
    throw error;
  }
}

function onlyUnauthorized(error: unknown): void {
  if (!(error instanceof AffidavitError) || error.code !== 'unauthorized') throw error;
}

async function refuseKey(context: Context, row: ApiKeysTable, why: Refusal): Promise<never> {
  const { directory } = context.services;
  const app = await directory.appByNumber(row.app);
  if (app) {
    const { agent_id, key_id } = row;
    const agent = agent_id === null ? null : await directory.agent(row.app, agent_id);
    const acting = { ...context, app, identity: identityOf(row, app, agent) };
    const args = { how: 'key', key_id, why };
    await recordRefusal(acting, [key_id, why], { event_type: 'session.refused', args });
  }
  throw unauthorized(REFUSALS[why]);
}

/** A session that has begun, with what its browser is to carry. */
export interface Begun {
  readonly identity: Identity;
  readonly row: SessionsTable;
  readonly cookie: string;
}

/** The entry that says who signed in, and the row, in one transaction. */
export async function begin(
  context: Context,
  { row, text }: NewRow,
  effects: readonly Effect[],
): Promise<Begun> {
  const { services } = context;
  const { session_id, how, app, expires_at } = row;
  const kind = row.kind as SessionKind;
  const now = services.now();
  const identity = await identityOfRow(services.directory, row, now);
  const known = await services.directory.appByNumber(app);
  if (!identity || !known) throw unauthorized(REFUSALS.revoked);
  const role = identity.role === null ? {} : { role: identity.role };
  const args = { session_id, how, ...role, expires_at: new Date(expires_at).toISOString() };
  const event = { event_type: STARTED[kind], args };
  await administer({ ...context, identity, app: known }, event, effects);
  const seconds = Math.ceil((expires_at - now) / 1000);
  return { identity, row, cookie: cookieText(kind, text, seconds, services.publicUrl()) };
}

function unauthorized(message: string, advice: string = ADVICE.operator) {
  return new AffidavitError('unauthorized', message, { advice });
}
