/** Fields whose values are listed beside the trail, in the order in which people look for them. */

export interface FacetField {
  readonly field: string;
  readonly label: string;
  /** Open from the beginning; the others are counted when they are opened. */
  readonly isOpen?: true;
}

export interface FacetCount {
  readonly value: string | number | boolean;
  readonly count: number;
}

/** `GET /v1/events/facets` of one field. */
export interface FacetAnswer {
  readonly field: string;
  readonly data: readonly FacetCount[];
}

/** The same of several fields. */
export interface FacetsAnswer {
  readonly fields: Readonly<Record<string, readonly FacetCount[]>>;
  /** False where the counts are estimated. */
  readonly exact: boolean;
}

export const FACETS: readonly FacetField[] = [
  { field: 'outcome', label: 'Outcome', isOpen: true },
  { field: 'category', label: 'Category', isOpen: true },
  { field: 'agent_name', label: 'Agent', isOpen: true },
  { field: 'provider', label: 'Provider', isOpen: true },
  { field: 'event_type', label: 'Event type', isOpen: true },
  { field: 'policy_decision', label: 'Decision', isOpen: true },
  { field: 'verb', label: 'Verb' },
  { field: 'risk_level', label: 'Risk' },
  { field: 'governance_status', label: 'Governance' },
  { field: 'policy_id', label: 'Policy' },
  { field: 'caller', label: 'Caller' },
  { field: 'caller_key_prefix', label: 'API key' },
  { field: 'actor_type', label: 'Kind of actor' },
  { field: 'actor_id', label: 'Actor' },
  { field: 'agent_id', label: 'Agent id' },
  { field: 'principal_type', label: 'Kind of principal' },
  { field: 'tenant_id', label: 'Tenant' },
  { field: 'method', label: 'Method' },
  { field: 'response_status', label: 'Status' },
  { field: 'error_code', label: 'Error' },
  { field: 'action_type', label: 'Reads and writes' },
  { field: 'grant_kind', label: 'Kind of grant' },
  { field: 'scope_downscoped', label: 'Fewer scopes than asked' },
  { field: 'credential_masked', label: 'Credential masked' },
  { field: 'dry_run', label: 'Dry run' },
  { field: 'idempotent', label: 'Fenced repeats' },
  { field: 'source', label: 'Said by' },
];
