import { newId } from '@affidavit/schema';

import { newSessionText } from '../access/session-text.ts';
import type { SessionsTable } from '../store/tables.ts';

/** The rows of sessions and of the links that open them. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long an operator stays signed in, and a wallet open, whatever is done meanwhile. */
export const SESSION_MS = { operator: 12 * HOUR_MS, wallet: HOUR_MS } as const;
/** How long a link waits to be used. */
export const LINK_MS = {
  operator: 15 * MINUTE_MS,
  wallet: 10 * MINUTE_MS,
  firstStart: 24 * HOUR_MS,
} as const;

type Known = Pick<SessionsTable, 'app' | 'kind' | 'how' | 'created_at' | 'expires_at'>;

/** A row with what is known of it; the rest is empty. */
function newRow(known: Known & Partial<SessionsTable>): SessionsTable {
  return {
    session_id: newId('session'),
    link_hash: null,
    hash: null,
    role: null,
    installation: 0,
    operator_id: null,
    subject: null,
    issuer: null,
    email: null,
    name: null,
    key_app: null,
    key_id: null,
    principal_type: null,
    principal_id: null,
    opened_at: null,
    ended_at: null,
    ...known,
  };
}

export interface NewRow {
  readonly row: SessionsTable;
  /** What its browser carries, or what its link has in it; shown once. */
  readonly text: string;
}

type About = Pick<SessionsTable, 'app'> & Partial<SessionsTable>;

/** A session that waits for somebody to open it by the link. */
export function newLink(
  kind: 'operator' | 'wallet',
  about: About,
  now: number,
  lifetime_ms: number = LINK_MS[kind],
): NewRow {
  const { text, hash } = newSessionText(about.app, 'link');
  const times = { created_at: now, expires_at: now + lifetime_ms };
  return { text, row: newRow({ ...times, kind, how: 'link', ...about, link_hash: hash }) };
}

/** A session that is open. */
export function newSession(
  kind: 'operator' | 'wallet',
  how: 'key' | 'oidc',
  about: About,
  now: number,
): NewRow {
  const { text, hash } = newSessionText(about.app, 'session');
  const times = { created_at: now, opened_at: now, expires_at: now + SESSION_MS[kind] };
  return { text, row: newRow({ ...times, kind, how, ...about, hash }) };
}

/** Where a person goes with a link. What is behind `#` stays in the browser. */
export function linkUrl(publicUrl: string, kind: 'operator' | 'wallet', text: string): string {
  return `${publicUrl}/${kind === 'wallet' ? 'wallet' : 'sign-in'}#link=${text}`;
}
