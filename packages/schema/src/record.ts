import { z } from 'zod';

import { checkContext } from './context.ts';
import { CATEGORIES, EVENT_TYPE_MAX_LENGTH, EVENT_TYPE_PATTERN } from './event-types.ts';

/**
 * The record: one flat JSON object in snake_case, the same for every provider; absent fields are
 * left out. This table is the only place where a field is defined: validation, redaction, filters,
 * CSV columns and OpenAPI are derived from it.
 */

/** `secret`: may carry a credential, masked before hashing. `personal`: about a person. */
export type Mark = 'secret' | 'personal';

/** `exact`: a filter. `facet`: a filter with few values, also listed with counts. */
export type Lookup = 'exact' | 'facet';

export interface Field {
  readonly schema: z.ZodType;
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

export const LIMITS = {
  idCharacters: 256,
  reasonCharacters: 2000,
  urlCharacters: 8192,
  listItems: 100,
  headers: 200,
  headerCharacters: 16_384,
  /** Of a request or response body that is kept; longer ones are cut, with a flag (M8). */
  bodyBytes: 10_240,
  /** Of `args` or `result` as JSON. */
  argsBytes: 65_536,
  eventsPerBatch: 1000,
  pageEntries: 1000,
  pageDefault: 50,
} as const;

const text = (max: number = LIMITS.idCharacters) => z.string().min(1).max(max);
const count = () => z.int().min(0);
const list = () => z.array(text()).max(LIMITS.listItems);
const hash = () => z.string().regex(/^[0-9a-f]{64}$/);
const time = () => z.iso.datetime({ offset: true });
const headers = () =>
  z
    .record(
      z.string().min(1).max(LIMITS.idCharacters),
      z.union([
        z.string().max(LIMITS.headerCharacters),
        z.array(z.string().max(LIMITS.headerCharacters)).max(LIMITS.listItems),
      ]),
    )
    .refine((value) => Object.keys(value).length <= LIMITS.headers, {
      error: `at most ${LIMITS.headers} headers`,
    });

/** Any JSON value; what comes off the wire is JSON already. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const json = () => z.custom<Json>((value) => value !== undefined);

const context = () =>
  z
    .custom<Record<string, string>>((value) => checkContext(value) === null)
    .meta({
      type: 'object',
      additionalProperties: { type: 'string', maxLength: 512 },
      maxProperties: 20,
    });

const eventType = () => z.string().max(EVENT_TYPE_MAX_LENGTH).regex(EVENT_TYPE_PATTERN);

const defineFields = <T extends Record<string, Field>>(fields: T): T => fields;

export const FIELDS = defineFields({
  // identity of the entry
  event_id: { schema: z.string().regex(/^evt_[A-Za-z0-9_-]{1,64}$/), about: 'Id of the entry' },
  seq: { schema: count(), about: 'Gapless position in the ledger of the app', reserved: true },
  created_at: { schema: time(), about: 'When the server sequenced it', reserved: true },
  occurred_at: { schema: time(), about: "The client's claim of when it happened" },
  event_type: { schema: eventType(), about: 'noun.past_verb', lookup: 'facet' },
  category: { schema: z.enum(CATEGORIES), about: 'What kind of event it is', lookup: 'facet' },
  action_type: {
    schema: z.enum(['read', 'write', 'error']),
    about: 'Whether it read, wrote or failed',
    lookup: 'facet',
  },
  source: {
    schema: z.enum(['observed', 'reported']),
    about: 'Whether the broker saw it or a client said so',
    lookup: 'facet',
    reserved: true,
  },
  app_id: { schema: text(), about: 'The app whose ledger holds it', reserved: true },
  tenant_id: { schema: text(), about: "The application's own customer", lookup: 'facet' },

  // actor
  actor_type: {
    schema: z.enum(['service', 'agent', 'user', 'operator', 'system']),
    about: 'What kind of actor did it',
    lookup: 'facet',
  },
  actor_id: { schema: text(), about: 'Who did it', lookup: 'facet' },
  actor_name: { schema: text(), about: 'Their name', mark: 'personal', lookup: 'exact' },
  caller: { schema: text(), about: 'Free-form name of the calling code', lookup: 'facet' },
  caller_key_prefix: {
    schema: text(),
    about: 'Prefix of the API key that was used',
    lookup: 'facet',
    reserved: true,
  },
  agent_id: { schema: text(), about: 'The agent', lookup: 'facet' },
  agent_name: { schema: text(), about: 'Its name', lookup: 'facet' },
  parent_agent_id: { schema: text(), about: 'The agent that sent it', lookup: 'exact' },

  // on whose behalf
  principal_type: {
    schema: z.enum(['user', 'group', 'system', 'agent']),
    about: 'What kind of principal owns the grant',
    lookup: 'facet',
  },
  principal_id: { schema: text(), about: 'On whose behalf', mark: 'personal', lookup: 'exact' },
  principal_email: { schema: text(), about: 'Their address', mark: 'personal', lookup: 'exact' },

  // run
  run_id: { schema: text(), about: "The agent's run", lookup: 'exact' },
  task_context: { schema: text(1000), about: 'The task in the run', lookup: 'exact', text: true },
  thread_id: { schema: text(), about: 'The conversation', lookup: 'exact' },
  execution_id: { schema: text(), about: 'Joins intent and outcome', lookup: 'exact' },
  reason: {
    schema: text(LIMITS.reasonCharacters),
    about: 'Why, for a person to read',
    mark: 'personal',
    text: true,
  },
  context: { schema: context(), about: 'Free string pairs', mark: 'personal', text: true },

  // credential
  provider: { schema: text(), about: 'Name of the provider', lookup: 'facet' },
  provider_id: { schema: text(), about: 'Its id', lookup: 'exact' },
  grant_id: { schema: text(), about: 'The grant that was used', lookup: 'exact' },
  grant_kind: {
    schema: z.enum(['oauth', 'managed_secret']),
    about: 'Kind of the grant',
    lookup: 'facet',
  },
  token_id: { schema: text(), about: 'The minted token', lookup: 'exact' },
  scope_requested: { schema: list(), about: 'Scopes asked for' },
  scope_granted: { schema: list(), about: 'Scopes given' },
  scope_downscoped: { schema: z.boolean(), about: 'Whether less was given', lookup: 'facet' },
  ttl_seconds: { schema: count(), about: 'Life of the token' },
  credential_masked: {
    schema: z.boolean(),
    about: 'Whether a credential was taken out before hashing',
    lookup: 'facet',
  },

  // decision
  policy_decision: { schema: z.enum(['ALLOW', 'DENY']), about: 'The decision', lookup: 'facet' },
  policy_id: { schema: text(), about: 'What decided', lookup: 'facet' },
  policies_checked: { schema: list(), about: 'All policies that were looked at' },
  policy_context: { schema: json(), about: 'The configuration that was evaluated' },

  // request
  method: { schema: text(32), about: 'HTTP method', lookup: 'facet' },
  url: { schema: text(LIMITS.urlCharacters), about: 'Address', mark: 'secret', text: true },
  response_status: { schema: z.int().min(100).max(999), about: 'HTTP status', lookup: 'facet' },
  latency_ms: { schema: z.number().min(0), about: 'Time the provider took' },
  retry_count: { schema: count(), about: 'Attempts after the first' },
  request_headers: { schema: headers(), about: 'Headers sent', mark: 'secret' },
  response_headers: { schema: headers(), about: 'Headers received', mark: 'secret' },
  request_body: { schema: json(), about: 'Body sent, up to 10 KB', mark: 'secret', part: true },
  request_body_truncated: { schema: z.boolean(), about: 'Whether the body was cut' },
  response_body: { schema: json(), about: 'Body received, to 10 KB', mark: 'secret', part: true },
  response_body_truncated: { schema: z.boolean(), about: 'Whether the body was cut' },
  source_ip: { schema: text(64), about: 'Where from', mark: 'personal', lookup: 'exact' },
  user_agent: { schema: text(1024), about: 'User-Agent of the caller' },

  // action
  verb: { schema: text(), about: 'The action, as provider:verb', lookup: 'facet', text: true },
  risk_level: {
    schema: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
    about: 'Risk of the verb',
    lookup: 'facet',
  },
  governance_status: {
    schema: z.enum(['approved', 'blocked', 'pending', 'rejected']),
    about: 'What governance said',
    lookup: 'facet',
  },
  dry_run: { schema: z.boolean(), about: 'Whether nothing was to happen', lookup: 'facet' },
  idempotent: { schema: z.boolean(), about: 'Whether repeats are fenced', lookup: 'facet' },
  args: { schema: json(), about: 'Arguments of the action', mark: 'secret', part: true },
  result: { schema: json(), about: 'Result of the action', mark: 'secret', part: true },
  duration_ms: { schema: z.number().min(0), about: 'Time the action took' },

  // outcome
  outcome: {
    schema: z.enum([
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
  error_code: { schema: text(), about: 'What went wrong', lookup: 'facet', text: true },

  // trace
  trace_id: {
    schema: z.string().regex(/^(?!0{32})[0-9a-f]{32}$/),
    about: 'W3C trace id, or the correlation id made in its place',
    lookup: 'exact',
  },
  span_id: { schema: z.string().regex(/^(?!0{16})[0-9a-f]{16}$/), about: 'W3C span id' },

  // keeping
  retention_until: { schema: time(), about: 'Kept until then', reserved: true },
  legal_hold: { schema: z.boolean(), about: 'Never deleted while true', reserved: true },

  // proof
  prev_hash: { schema: hash(), about: 'Leaf hash of the entry before', reserved: true },
  leaf_hash: { schema: hash(), about: 'Leaf hash of this entry', reserved: true },
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
