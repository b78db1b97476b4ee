/** An agent as the API lists it. */
export interface Agent {
  readonly agent_id: string;
  readonly name: string;
  readonly parent_agent_id?: string;
  readonly created_at: string;
  readonly revoked_at?: string;
}

/** All of a list that is short. */
export const WHOLE = { limit: '1000' };
