/** An agent as the API lists it. */
export interface Agent {
  readonly agent_id: string;
  readonly name: string;
  readonly parent_agent_id?: string;
  readonly created_at: string;
  readonly revoked_at?: string;
}

/** A key as the API lists it. */
export interface ApiKey {
  readonly key_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly agent_id?: string;
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}

/** A key that was just made: the only time it is shown. */
export interface NewKey extends ApiKey {
  readonly key: string;
}

/** All of a list that is short. */
export const WHOLE = { limit: '1000' };

/** What the key of an agent is for: calls, and saying what it did itself. */
export const AGENT_SCOPES: readonly string[] = ['calls:execute', 'events:write'];
