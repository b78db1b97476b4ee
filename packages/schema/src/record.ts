import { z } from 'zod';

import { CATEGORIES, EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_PATTERN } from './event-types.ts';
import {
  anyJson,
  count,
  flag,
  freeContext,
  hash,
  headers,
  list,
  matching,
  oneOf,
  positive,
  text,
  time,
  wholeNumber,
  type FieldType,
} from './field-types.ts';
import { LIMITS } from './limits.ts';

/**
 * The record: one flat JSON object in snake_case, the same for every provider; absent fields are
 * left out. This table is the only place where a field is defined: validation, redaction, filters,
 * CSV columns and OpenAPI are derived from it.
 */

/** `secret`: may carry a credential, masked before hashing. `personal`: about a person. */
export type Mark = 'secret' | 'personal';

/** `exact`: a filter. `facet`: a filter with few values, also listed with counts. */
export type Lookup = 'exact' | 'facet';

export interface Field extends FieldType {
  readonly about: string;
  readonly mark?: Mark;
  readonly lookup?: Lookup;
  /** Set by the server alone; refused in a client's event. */
  readonly reserved?: true;
  /** Kept in a part of its own, that can be erased by itself. */
  readonly part?: true;
  /** Covered by the free-text search. */
  readonly text?: true;
}

const defineFields = <T extends Record<string, Field>>(fields: T): T => fields;

export const FIELDS = defineFields({
  // identity of the entry
  event_id: { ...matching(/^evt_[A-Za-z0-9_-]{1,64}$/), about: 'Id of the entry' },
  seq: { ...count(), about: 'Gapless position in the ledger of the app', reserved: true },
  created_at: { ...time(), about: 'When the server sequenced it', reserved: true },
  occurred_at: { ...time(), about: "The client's claim of when it happened" },
  event_type: {
    ...matching(EVENT_TYPE_PATTERN, EVENT_TYPE_MAX_LENGTH),
    about: 'noun.past_verb',
    lookup: 'facet',
  },
  category: { ...oneOf(CATEGORIES), about: 'What kind of event it is', lookup: 'facet' },
  action_type: {
    ...oneOf(['read', 'write', 'error']),
    about: 'Whether it read, wrote or failed',
    lookup: 'facet',
  },
  source: {
    ...oneOf(['observed', 'reported']),
    about: 'Whether the broker saw it or a client said so',
    lookup: 'facet',
    reserved: true,
  },
  app_id: { ...text(), about: 'The app whose ledger holds it', reserved: true },
  tenant_id: { ...text(), about: "The application's own customer", lookup: 'facet' },

  // actor
  actor_type: {
    ...oneOf(['service', 'agent', 'user', 'operator', 'system']),
    about: 'What kind of actor did it',
    lookup: 'facet',
  },
  actor_id: { ...text(), about: 'Who did it', lookup: 'facet' },
  actor_name: { ...text(), about: 'Their name', mark: 'personal', lookup: 'exact' },
  caller: { ...text(), about: 'Free-form name of the calling code', lookup: 'facet' },
  caller_key_prefix: {
    ...text(),
    about: 'Prefix of the API key that was used',
    lookup: 'facet',
    reserved: true,
  },
  agent_id: { ...text(), about: 'The agent', lookup: 'facet' },
  agent_name: { ...text(), about: 'Its name', lookup: 'facet' },
  parent_agent_id: { ...text(), about: 'The agent that sent it', lookup: 'exact' },

  // on whose behalf
  principal_type: {
    ...oneOf(['user', 'group', 'system', 'agent']),
    about: 'What kind of principal owns the grant',
    lookup: 'facet',
  },
  principal_id: { ...text(), about: 'On whose behalf', mark: 'personal', lookup: 'exact' },
  principal_email: { ...text(), about: 'Their address', mark: 'personal', lookup: 'exact' },

  // run
  run_id: { ...text(), about: "The agent's run", lookup: 'exact' },
  task_context: { ...text(1000), about: 'The task in the run', lookup: 'exact', text: true },
  thread_id: { ...text(), about: 'The conversation', lookup: 'exact' },
  execution_id: { ...text(), about: 'Joins intent and outcome', lookup: 'exact' },
  reason: {
    ...text(LIMITS.reasonCharacters),
    about: 'Why, for a person to read',
    mark: 'personal',
    text: true,
  },
  context: { ...freeContext(), about: 'Free string pairs', mark: 'personal', text: true },

  // credential
  provider: { ...text(), about: 'Name of the provider', lookup: 'facet' },
  provider_id: { ...text(), about: 'Its id', lookup: 'exact' },
  grant_id: { ...text(), about: 'The grant that was used', lookup: 'exact' },
  grant_kind: {
    ...oneOf(['oauth', 'managed_secret']),
    about: 'Kind of the grant',
    lookup: 'facet',
  },
  token_id: { ...text(), about: 'The minted token', lookup: 'exact' },
  scope_requested: { ...list(), about: 'Scopes asked for' },
  scope_granted: { ...list(), about: 'Scopes given' },
  scope_downscoped: { ...flag(), about: 'Whether less was given', lookup: 'facet' },
  ttl_seconds: { ...count(), about: 'Life of the token' },
  credential_masked: {
    ...flag(),
    about: 'Whether a credential was taken out before hashing',
    lookup: 'facet',
  },

  // decision
  policy_decision: { ...oneOf(['ALLOW', 'DENY']), about: 'The decision', lookup: 'facet' },
  policy_id: { ...text(), about: 'What decided', lookup: 'facet' },
  policies_checked: { ...list(), about: 'All policies that were looked at' },
  policy_context: { ...anyJson(), about: 'The configuration that was evaluated' },

  // request
  method: { ...text(32), about: 'HTTP method', lookup: 'facet' },
  url: { ...text(LIMITS.urlCharacters), about: 'Address', mark: 'secret', text: true },
  response_status: { ...wholeNumber(100, 999), about: 'HTTP status', lookup: 'facet' },
  latency_ms: { ...positive(), about: 'Time the provider took' },
  retry_count: { ...count(), about: 'Attempts after the first' },
  request_headers: { ...headers(), about: 'Headers sent', mark: 'secret' },
  response_headers: { ...headers(), about: 'Headers received', mark: 'secret' },
  request_body: { ...anyJson(), about: 'Body sent, up to 10 KB', mark: 'secret', part: true },
  request_body_truncated: { ...flag(), about: 'Whether the body was cut' },
  response_body: { ...anyJson(), about: 'Body received, to 10 KB', mark: 'secret', part: true },
  response_body_truncated: { ...flag(), about: 'Whether the body was cut' },
  source_ip: { ...text(64), about: 'Where from', mark: 'personal', lookup: 'exact' },
  user_agent: { ...text(1024), about: 'User-Agent of the caller' },

  // action
  verb: { ...text(), about: 'The action, as provider:verb', lookup: 'facet', text: true },
  risk_level: {
    ...oneOf(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
    about: 'Risk of the verb',
    lookup: 'facet',
  },
  governance_status: {
    ...oneOf(['approved', 'blocked', 'pending', 'rejected']),
    about: 'What governance said',
    lookup: 'facet',
  },
  dry_run: { ...flag(), about: 'Whether nothing was to happen', lookup: 'facet' },
  idempotent: { ...flag(), about: 'Whether repeats are fenced', lookup: 'facet' },
  args: { ...anyJson(), about: 'Arguments of the action', mark: 'secret', part: true },
  result: { ...anyJson(), about: 'Result of the action', mark: 'secret', part: true },
  duration_ms: { ...positive(), about: 'Time the action took' },

  // outcome
  outcome: {
    ...oneOf([
      'success',
      'policy_denied',
      'provider_error',
      'network_error',
      'blocked',
      'dry_run',
      'replayed',
      'error',
      'unknown',
    ]),
    about: 'How it ended; absent on an intent',
    lookup: 'facet',
  },
  error_code: { ...text(), about: 'What went wrong', lookup: 'facet', text: true },

  // trace
  trace_id: {
    ...matching(/^(?!0{32})[0-9a-f]{32}$/),
    about: 'W3C trace id, or the correlation id made in its place',
    lookup: 'exact',
  },
  span_id: { ...matching(/^(?!0{16})[0-9a-f]{16}$/), about: 'W3C span id' },

  // keeping
  retention_until: { ...time(), about: 'Kept at least until then' },
  legal_hold: { ...flag(), about: 'Never deleted while true', reserved: true },

  // proof
  prev_hash: { ...hash(), about: 'Leaf hash of the entry before', reserved: true },
  leaf_hash: { ...hash(), about: 'Leaf hash of this entry', reserved: true },
});

export type FieldName = keyof typeof FIELDS;

type Shape = { [K in FieldName]: z.ZodOptional<(typeof FIELDS)[K]['schema']> };

const shape = Object.fromEntries(
  Object.entries(FIELDS).map(([name, field]) => [
    name,
    field.schema.optional().meta({ description: field.about }),
  ]),
) as unknown as Shape;

/** Fields that a record always has once it is sequenced. */
const SEQUENCED = {
  event_id: true,
  seq: true,
  created_at: true,
  event_type: true,
  category: true,
  source: true,
  app_id: true,
} as const;

/** A whole record, as read back. */
export const RecordSchema = z.strictObject(shape).required(SEQUENCED);
export type AuditRecord = z.infer<typeof RecordSchema>;

const names = Object.keys(FIELDS) as FieldName[];
const pick = (test: (field: Field) => boolean): ReadonlySet<FieldName> =>
  new Set(names.filter((name) => test(FIELDS[name])));

export const FIELD_NAMES: readonly FieldName[] = names;
export const RESERVED_FIELDS = pick((field) => field.reserved === true);
export const LOOKUP_FIELDS = pick((field) => field.lookup !== undefined);
export const FACET_FIELDS = pick((field) => field.lookup === 'facet');
export const TEXT_FIELDS = pick((field) => field.text === true);
export const SECRET_FIELDS = pick((field) => field.mark === 'secret');
export const PART_FIELDS = pick((field) => field.part === true);

const reservedShape = Object.fromEntries([...RESERVED_FIELDS].map((name) => [name, true]));

/** What may be submitted: everything but the fields that the server sets. */
export const EventSchema = z
  .strictObject(shape)
  .omit(reservedShape as Record<never, true>)
  .required({ event_type: true });

/** An event on its way in, before it is sequenced. */
export type AuditEvent = Partial<Omit<AuditRecord, 'event_type'>> & { event_type: string };

const submittable: ReadonlyMap<string, Field['accepts']> = new Map(
  names.filter((name) => !RESERVED_FIELDS.has(name)).map((name) => [name, FIELDS[name].accepts]),
);

/**
 * Whether a value surely is an event that may be submitted; a no is not final, `EventSchema` says
 * why. Looks only at the fields that are there.
 */
export function acceptsEvent(value: Readonly<Record<string, unknown>>): boolean {
  if (value.event_type === undefined) return false;
  for (const name of Object.keys(value)) {
    const accepts = submittable.get(name);
    if (accepts === undefined || !accepts(value[name])) return false;
  }
  return true;
}
