import { useList } from '../shared/api/queries.ts';

/** What was set up in the app, to choose from and to name. Short lists, that are read whole. */

const ALL = { limit: 1000 };

export interface AgentRow {
  readonly agent_id: string;
  readonly name: string;
  readonly revoked_at?: string;
}

export interface ProviderRow {
  readonly provider_id: string;
  readonly name: string;
  readonly base_url: string;
  readonly auth: { readonly type: string; readonly [more: string]: unknown };
  readonly timeout_ms?: number;
  readonly scope_map?: Readonly<Record<string, readonly object[]>>;
  readonly created_at: string;
}

export interface GrantRow {
  readonly grant_id: string;
  readonly provider: string;
  readonly kind: 'managed_secret' | 'oauth';
  readonly secret_id?: string;
  readonly principal: { readonly type: string; readonly id: string; readonly email?: string };
  readonly agents: readonly string[] | '*';
  readonly scopes: readonly string[];
  readonly status: 'active' | 'expired' | 'needs_reauth' | 'revoked';
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
  /** Where the list was asked for it. */
  readonly last_used_at?: string;
}

export const useAgents = () => useList<AgentRow>('/v1/agents', ALL);
export const useProviders = () => useList<ProviderRow>('/v1/providers', ALL);
export const useGrants = () => useList<GrantRow>('/v1/grants', ALL);

/** The name of an agent, or its id where there is none. */
export function useAgentNames(): (id: string) => string {
  const { rows } = useAgents();
  const names = new Map(rows.map(({ agent_id, name }) => [agent_id, name]));
  return (id) => names.get(id) ?? id;
}

/** Who a grant is for and where: `mail for alice@example.com`. */
export const grantInWords = ({ provider, principal }: GrantRow): string =>
  `${provider} for ${principal.email ?? principal.id}`;
