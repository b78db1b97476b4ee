import { call, get, post, type Params } from '../shared/api/client.ts';
import type { Mood } from '@affidavit/schema/sentence';

/** What the wallet asks of the server. Whose wallet it is, the session alone says. */

export interface Wallet {
  readonly principal_id: string;
  readonly principal_type: string;
  readonly email?: string;
  readonly app_name: string;
  readonly expires_at: string;
}

export interface Connection {
  readonly grant_id: string;
  readonly provider: string;
  readonly kind: 'oauth' | 'managed_secret';
  readonly scopes: readonly string[];
  readonly agents: readonly { readonly agent_id: string; readonly name: string }[] | '*';
  readonly status: 'active' | 'needs_reauth' | 'expired' | 'revoked';
  readonly created_at: string;
  readonly revoked_at?: string;
  readonly expires_at?: string;
  readonly last_used_at: string | null;
}

/** One thing that was done, in words, with the fields that it was told from. */
export interface Deed {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly event_type: string;
  readonly who: string;
  readonly what: string;
  readonly why: string;
  readonly result: string;
  readonly mood: Mood;
  readonly provider?: string;
  readonly agent_id?: string;
  readonly agent_name?: string;
  readonly caller?: string;
  readonly grant_id?: string;
  readonly reason?: string;
  readonly method?: string;
  readonly url?: string;
  readonly response_status?: number;
  readonly verb?: string;
  readonly outcome?: string;
}

export interface Choice {
  readonly value: string;
  readonly count: number;
  readonly name?: string;
}

export interface ErasureRequest {
  readonly event_id: string;
  readonly created_at: string;
  readonly reason?: string | null;
  readonly erased_at?: string | null;
}

export const PATHS = {
  wallet: '/v1/wallet',
  connections: '/v1/wallet/connections',
  activity: '/v1/wallet/activity',
  csv: '/v1/wallet/activity.csv',
  facets: '/v1/wallet/activity/facets',
  erasureRequests: '/v1/wallet/erasure-requests',
} as const;

const one = encodeURIComponent;

/** Uses the link up. */
export const openByLink = (link: string): Promise<unknown> => post('/v1/wallet/session', { link });

export const close = (): Promise<unknown> => call('DELETE', '/v1/wallet/session');

export interface SignInWays {
  readonly oidc: { readonly issuer: string; readonly start: string } | null;
}

export const signInWays = (query: Params): Promise<SignInWays> =>
  get('/v1/sign-in', { audience: 'wallet', ...query });

export const disconnect = (grantId: string): Promise<unknown> =>
  call('DELETE', `${PATHS.connections}/${one(grantId)}`);

export const removeAgent = (grantId: string, agentId: string): Promise<unknown> =>
  call('DELETE', `${PATHS.connections}/${one(grantId)}/agents/${one(agentId)}`);

export const askForErasure = (reason: string): Promise<unknown> =>
  post(PATHS.erasureRequests, reason === '' ? {} : { reason });
