/** Filters as rows of a form, and as the API takes them (`GET /v1/events` has the same names). */

export interface Condition {
  readonly name: string;
  readonly value: string;
}

export type Filter = Readonly<Record<string, string | readonly string[]>>;

/** What one can filter by, in the order in which people look for it. */
export const CONDITION_NAMES: readonly string[] = [
  'event_type',
  'category',
  'provider',
  'agent_id',
  'agent_name',
  'principal_id',
  'principal_email',
  'outcome',
  'policy_decision',
  'verb',
  'risk_level',
  'governance_status',
  'tenant_id',
  'caller',
  'run_id',
  'action_type',
  'source',
  'actor_type',
  'actor_id',
  'actor_name',
  'caller_key_prefix',
  'parent_agent_id',
  'principal_type',
  'task_context',
  'thread_id',
  'execution_id',
  'provider_id',
  'grant_id',
  'grant_kind',
  'credential_masked',
  'token_id',
  'scope_downscoped',
  'policy_id',
  'method',
  'response_status',
  'source_ip',
  'dry_run',
  'idempotent',
  'error_code',
  'trace_id',
  'q',
];

/** Values of one name are alternatives: they come together in a list. */
export function filterOf(conditions: readonly Condition[]): Filter {
  const values = new Map<string, string[]>();
  for (const { name, value } of conditions) {
    const text = value.trim();
    if (text !== '') values.set(name, [...(values.get(name) ?? []), text]);
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] as string) : all]),
  );
}

export const conditionsOf = (filter: Filter): readonly Condition[] =>
  Object.entries(filter).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value: String(value) })),
  );

const WORDS: Readonly<Record<string, string>> = { from: 'since', to: 'before', q: 'text has' };

/** `event_type is token.minted, and outcome is error or unknown`; empty where there are none. */
export const filterInWords = (filter: Filter): string =>
  Object.entries(filter)
    .map(([name, values]) => `${WORDS[name] ?? `${name} is`} ${[values].flat().join(' or ')}`)
    .join(', and ');
