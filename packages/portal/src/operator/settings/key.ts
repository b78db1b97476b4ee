/** API keys as the API lists them. */

export interface Key {
  readonly key_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly role?: string;
  readonly agent_id?: string;
  readonly created_at: string;
  readonly expires_at?: string;
  /** In the future while the overlap of a rotation goes on. */
  readonly revoked_at?: string;
}

/** With the key itself, once. */
export interface NewKey {
  readonly key_id: string;
  readonly key: string;
  readonly prefix: string;
}

export type KeyState = 'active' | 'ends soon' | 'expired' | 'revoked';

export function keyState({ revoked_at, expires_at }: Key, now: number = Date.now()): KeyState {
  if (revoked_at !== undefined) return Date.parse(revoked_at) <= now ? 'revoked' : 'ends soon';
  return expires_at !== undefined && Date.parse(expires_at) <= now ? 'expired' : 'active';
}

/** Changing it, or giving it to somebody, is for owners. */
export const governs = ({ role, scopes }: Key): boolean =>
  role === undefined ? scopes.includes('admin') : role === 'owner' || role === 'admin';
