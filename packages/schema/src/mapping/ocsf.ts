import type { AuditRecord } from '../record.ts';
import { classify, type Classified } from './ocsf-classes.ts';
import {
  addActor,
  addAgent,
  addCall,
  addDecision,
  addEntity,
  addFinding,
  addIntegrity,
  addSignIn,
  addSource,
  addTargetUser,
} from './ocsf-parts.ts';
import { applyRules, isSuccess, put, rules, type Document, type Rule } from './table.ts';

/**
 * Entries as OCSF 1.9.0 events (schema.ocsf.io), with the profiles `record_integrity`,
 * `ai_operation` and `security_control`. What a class has no attribute for is under `unmapped`.
 *
 * The fingerprint of the attestation is the entry's leaf hash, which commits to the record in the
 * ledger and not to these bytes: who checks it asks the ledger for the entry's evidence.
 */

export const OCSF_VERSION = '1.9.0';

/** What every class has. */
const COMMON = rules([
  ['created_at', 'time', 'epoch_ms'],
  ['reason', 'message'],
  ['error_code', 'status_code'],
  ['event_id', 'metadata.uid'],
  ['seq', 'metadata.sequence'],
  ['event_type', 'metadata.event_code'],
  ['occurred_at', 'metadata.original_time'],
  ['tenant_id', 'metadata.tenant_uid'],
  ['execution_id', 'metadata.correlation_uid'],
  ['app_id', 'metadata.log_name'],
]);

const HTTP = rules([
  ['url', 'http_request.url.url_string'],
  ['user_agent', 'http_request.user_agent'],
  ['response_status', 'http_response.code'],
]);

export const OCSF_FIELDS: Readonly<Record<Classified['kind'], readonly Rule[]>> = {
  api: [
    ...COMMON,
    ...HTTP,
    ...rules([
      ['verb', 'api.operation'],
      ['execution_id', 'api.request.uid'],
      ['event_id', 'api.request.uid'],
      ['args', 'api.request.data'],
      ['response_status', 'api.response.code'],
      ['error_code', 'api.response.error'],
      ['provider', 'api.service.name'],
      ['provider_id', 'api.service.uid'],
    ]),
  ],
  entity: COMMON,
  user: COMMON,
  authentication: COMMON,
  finding: COMMON,
};

/** Severity and its caption, by the risk an entry states. */
const RISKS: Readonly<Record<string, readonly [id: number, name: string]>> = {
  LOW: [2, 'Low'],
  MEDIUM: [3, 'Medium'],
  HIGH: [4, 'High'],
  CRITICAL: [5, 'Critical'],
};

type Part = (record: AuditRecord, document: Document, found: Classified) => readonly string[];

/** What needs more than a row: each adds to the document and names the fields it took. */
const PARTS: Readonly<Record<Classified['kind'], readonly Part[]>> = {
  api: [addActor, addSource, addCall, addAgent, addDecision],
  entity: [addActor, addSource, addEntity, addAgent, addDecision],
  user: [addActor, addSource, addTargetUser],
  authentication: [addSource, addSignIn],
  finding: [addFinding],
};

/** One entry as an OCSF event. */
export function toOcsf(record: AuditRecord): Document {
  const found = classify(record);
  const { document, rest } = applyRules(record, OCSF_FIELDS[found.kind]);
  addClass(record, document, found);
  const taken = new Set(PARTS[found.kind].flatMap((part) => part(record, document, found)));
  for (const name of addIntegrity(record, document)) taken.add(name);
  put(document, 'message', record.event_type);
  const unmapped = Object.entries(rest).filter(([name]) => !taken.has(name));
  if (unmapped.length > 0) put(document, 'unmapped', Object.fromEntries(unmapped));
  put(document, 'metadata.profiles', profilesOf(document));
  return document;
}

function addClass(record: AuditRecord, document: Document, found: Classified): void {
  const { uid, name, category_uid, category_name } = found.class;
  const { activity_id, activity_name } = found;
  const [severity_id, severity] = severityOf(record);
  Object.assign(document, {
    class_uid: uid,
    class_name: name,
    category_uid,
    category_name,
    activity_id,
    activity_name,
    type_uid: uid * 100 + activity_id,
    type_name: `${name}: ${activity_id === 99 ? 'Other' : activity_name}`,
    severity_id,
    severity,
  });
  put(document, 'metadata.version', OCSF_VERSION);
  put(document, 'metadata.product', { name: 'Affidavit', vendor_name: 'Affidavit' });
  if (found.kind === 'finding') return;
  const { outcome } = record;
  if (outcome === undefined) return;
  const [status_id, status] =
    outcome === 'unknown' ? [0, 'Unknown'] : isSuccess(outcome) ? [1, 'Success'] : [2, 'Failure'];
  Object.assign(document, { status_id, status });
}

function severityOf({ risk_level, outcome }: AuditRecord): readonly [number, string] {
  if (outcome === 'policy_denied' || outcome === 'blocked') return [3, 'Medium'];
  const risk = risk_level === undefined ? undefined : RISKS[risk_level];
  if (risk) return risk;
  return outcome === undefined || isSuccess(outcome) ? [1, 'Informational'] : [2, 'Low'];
}

/** Profiles by an attribute that only they bring. */
const PROFILES: readonly (readonly [profile: string, attribute: string])[] = [
  ['record_integrity', 'attestation_list'],
  ['ai_operation', 'ai_agent'],
  ['security_control', 'action_id'],
];

function profilesOf(document: Document): string[] {
  return PROFILES.filter(([, attribute]) => document[attribute] !== undefined).map(
    ([profile]) => profile,
  );
}
