import type { AuditRecord } from '../record.ts';
import { activityOf, nounOf, type Activity } from './activity.ts';
import { applyRules, partsOfUrl, put, rules, type Document } from './table.ts';

/**
 * Entries as the Elastic Common Schema (elastic/ecs, 9.4): where each field goes, and what kind of
 * event each type is. What ECS has no field for is under `affidavit`, `actor` and `resource`.
 */

export const ECS_VERSION = '9.4.0';

export const ECS_FIELDS = rules([
  ['created_at', '@timestamp'],
  ['occurred_at', 'event.start'],
  ['event_id', 'event.id'],
  ['seq', 'event.sequence'],
  ['event_type', 'event.action'],
  ['outcome', 'event.outcome', 'ecs_outcome'],
  ['outcome', 'affidavit.outcome'],
  ['reason', 'message'],
  ['reason', 'event.reason'],
  ['latency_ms', 'event.duration', 'nanoseconds'],
  ['duration_ms', 'event.duration', 'nanoseconds'],
  ['leaf_hash', 'event.hash'],
  ['actor_id', 'actor.id'],
  ['actor_name', 'actor.name'],
  ['actor_type', 'actor.type'],
  ['agent_id', 'agent.id'],
  ['agent_name', 'agent.name'],
  ['agent_id', 'gen_ai.agent.id'],
  ['agent_name', 'gen_ai.agent.name'],
  ['verb', 'gen_ai.tool.name'],
  ['principal_id', 'user.id'],
  ['principal_email', 'user.email'],
  ['tenant_id', 'organization.id'],
  ['grant_id', 'resource.id'],
  ['provider', 'service.name'],
  ['provider_id', 'service.id'],
  ['policy_id', 'rule.id'],
  ['method', 'http.request.method'],
  ['request_body', 'http.request.body.content', 'text'],
  ['response_status', 'http.response.status_code'],
  ['response_body', 'http.response.body.content', 'text'],
  ['url', 'url.full'],
  ['source_ip', 'source.ip', 'ip'],
  ['source_ip', 'source.address'],
  ['user_agent', 'user_agent.original'],
  ['error_code', 'error.code'],
  ['trace_id', 'trace.id'],
  ['span_id', 'span.id'],
  ['context', 'labels', 'labels'],
]);

type Kind = readonly [category: string, type: string];

/** `event.category` and `event.type`, by noun; the type is else what the activity says. */
const CATEGORIES: Readonly<Record<string, string>> = {
  credential: 'api',
  token: 'api',
  api: 'api',
  action: 'api',
  approval: 'api',
  secret: 'iam',
  grant: 'iam',
  connection: 'iam',
  app: 'iam',
  agent: 'iam',
  api_key: 'iam',
  operator: 'iam',
  wallet: 'iam',
};

/** By whole type, what is neither. */
const EXCEPTIONS: Readonly<Record<string, Kind>> = {
  'user.signed_in': ['authentication', 'start'],
  'user.signed_out': ['authentication', 'end'],
  'user.sign_in_refused': ['authentication', 'start'],
  'session.started': ['authentication', 'start'],
  'session.refused': ['authentication', 'start'],
  'session.ended': ['authentication', 'end'],
  'monitor.raised': ['intrusion_detection', 'info'],
  'monitor.updated': ['intrusion_detection', 'info'],
  'monitor.resolved': ['intrusion_detection', 'info'],
  'witness.conflict': ['intrusion_detection', 'info'],
  'token.reuse_detected': ['intrusion_detection', 'info'],
};

/** Categories that ECS gives the types of a deed; `iam` has no `access`, it says `info`. */
const TYPES: Readonly<Record<string, Readonly<Partial<Record<Activity, string>>>>> = {
  api: {
    create: 'creation',
    read: 'access',
    update: 'change',
    delete: 'deletion',
    start: 'start',
    end: 'end',
  },
  iam: { create: 'creation', update: 'change', delete: 'deletion' },
  configuration: { create: 'creation', read: 'access', update: 'change', delete: 'deletion' },
};

const DECISIONS: Readonly<Record<string, string>> = { ALLOW: 'allowed', DENY: 'denied' };

/** The category of what clients bring, by the record's own. */
const FALLBACKS: Readonly<Record<string, string>> = {
  credential: 'api',
  grant: 'iam',
  api: 'api',
  admin: 'configuration',
  end_user: 'iam',
  action: 'api',
  system: 'configuration',
};

function kindOf(record: AuditRecord): { category: string; types: string[] } {
  const exception = EXCEPTIONS[record.event_type];
  if (exception) return { category: exception[0], types: [exception[1]] };
  const noun = nounOf(record.event_type);
  const known = Object.hasOwn(CATEGORIES, noun) ? CATEGORIES[noun] : undefined;
  const category = known ?? FALLBACKS[record.category] ?? 'configuration';
  const types = [TYPES[category]?.[activityOf(record)] ?? 'info'];
  const decision = category === 'api' && DECISIONS[record.policy_decision ?? ''];
  if (decision) types.push(decision);
  return { category, types };
}

/** Objects of any shape would make fields without end: they are kept as JSON. */
function flat(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => flat(one));
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** One entry as an ECS document, with nested objects. */
export function toEcs(record: AuditRecord): Document {
  const { document, rest } = applyRules(record, ECS_FIELDS);
  const { category, types } = kindOf(record);
  put(document, 'ecs.version', ECS_VERSION);
  put(document, 'event.kind', category === 'intrusion_detection' ? 'alert' : 'event');
  put(document, 'event.category', [category]);
  put(document, 'event.type', types);
  put(document, 'event.module', 'affidavit');
  put(document, 'event.dataset', 'affidavit.audit');
  if (record.grant_id !== undefined) put(document, 'resource.type', 'grant');
  const url = partsOfUrl(record.url);
  if (url) {
    put(document, 'url.scheme', url.protocol.slice(0, -1));
    put(document, 'url.domain', url.hostname);
    put(document, 'url.path', url.pathname);
  }
  for (const [name, value] of Object.entries(rest)) put(document, `affidavit.${name}`, flat(value));
  return document;
}
