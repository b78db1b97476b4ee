import type { AuditRecord } from '../record.ts';
import { nounOf } from './activity.ts';
import type { Classified } from './ocsf-classes.ts';
import { applyRules, isAddress, partsOfUrl, put, rules, type Document } from './table.ts';

/** Objects of OCSF that need more than a row; each says which fields of the record it took. */

/** The profile `ai_operation`; `delegation` is the grant under which it was done. */
const AI_OPERATION = rules([
  ['agent_id', 'ai_agent.uid'],
  ['agent_name', 'ai_agent.name'],
  ['run_id', 'ai_agent.instance_uid'],
]);

const USER_TYPES: Readonly<Record<string, readonly [id: number, name: string]>> = {
  user: [1, 'User'],
  operator: [2, 'Admin'],
  system: [3, 'System'],
  service: [4, 'Service'],
};

/** IANA's HTTP methods that agents use; others have no place in `http_request`. */
const HTTP_METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT COPY MOVE LOCK UNLOCK MKCOL PROPFIND PROPPATCH REPORT SEARCH QUERY'.split(
    ' ',
  ),
);

/** The principal is the user; an agent describes itself in `ai_agent`. */
export function addActor(record: AuditRecord, document: Document): readonly string[] {
  const { principal_id, principal_email, actor_id, actor_name, actor_type, caller } = record;
  const type = actor_type === undefined ? undefined : USER_TYPES[actor_type];
  const application = caller ?? record.agent_name ?? record.agent_id;
  if (application !== undefined) put(document, 'actor.application.name', application);
  const byItself = actor_id !== undefined && actor_type !== 'agent';
  if (byItself) {
    put(document, 'actor.user.uid', actor_id);
    if (actor_name !== undefined) put(document, 'actor.user.name', actor_name);
    if (type) Object.assign((document.actor as Document).user as Document, typed(type));
  } else if (principal_id !== undefined) {
    put(document, 'actor.user.uid', principal_id);
    if (principal_email !== undefined) put(document, 'actor.user.email_addr', principal_email);
  } else if (application === undefined) {
    put(document, 'actor.application.name', actor_id ?? 'unknown');
  }
  const owner = byItself ? [] : ['principal_id', 'principal_email'];
  return ['actor_id', 'actor_type', ...(byItself ? ['actor_name'] : owner), 'caller'];
}

const typed = ([type_id, type]: readonly [number, string]) => ({ type_id, type });

/** An address, or at least the name of what called. */
export function addSource(record: AuditRecord, document: Document): readonly string[] {
  const { source_ip } = record;
  if (isAddress(source_ip)) put(document, 'src_endpoint.ip', source_ip);
  else put(document, 'src_endpoint.svc_name', source_ip ?? record.caller ?? 'affidavit');
  return ['source_ip'];
}

export function addCall(record: AuditRecord, document: Document): readonly string[] {
  const { method, event_type, latency_ms, request_headers, response_headers } = record;
  const url = partsOfUrl(record.url);
  const called = method === undefined ? event_type : `${method} ${url?.pathname ?? ''}`.trim();
  put(document, 'api.operation', called);
  const taken: string[] = [];
  if (method !== undefined && HTTP_METHODS.has(method)) {
    put(document, 'http_request.http_method', method);
    taken.push('method');
  }
  if (url) {
    put(document, 'http_request.url.scheme', url.protocol.slice(0, -1));
    put(document, 'http_request.url.hostname', url.hostname);
    put(document, 'http_request.url.path', url.pathname);
  }
  if (request_headers) {
    put(document, 'http_request.http_headers', headerList(request_headers));
    taken.push('request_headers');
  }
  if (document.http_response === undefined) return taken;
  if (response_headers) {
    put(document, 'http_response.http_headers', headerList(response_headers));
    taken.push('response_headers');
  }
  if (latency_ms !== undefined) {
    put(document, 'http_response.latency', Math.round(latency_ms));
    taken.push('latency_ms');
  }
  return taken;
}

function headerList(headers: Readonly<Record<string, string | string[]>>): Document[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => ({ name, value: one })),
  );
}

export function addAgent(record: AuditRecord, document: Document): readonly string[] {
  if (record.agent_id === undefined && record.agent_name === undefined) return [];
  Object.assign(document, applyRules(record, AI_OPERATION).document);
  const taken = ['agent_id', 'agent_name', 'run_id'];
  if (record.grant_id === undefined) return taken;
  put(document, 'delegation', { uid: record.grant_id, issuer_uid: record.app_id });
  return [...taken, 'grant_id'];
}

/** The profile `security_control`: what policy said. */
export function addDecision(record: AuditRecord, document: Document): readonly string[] {
  const { policy_decision, policy_id } = record;
  if (policy_decision === undefined) return [];
  const allowed = policy_decision === 'ALLOW';
  const policy = policy_id === undefined ? {} : { policy: { uid: policy_id } };
  Object.assign(document, {
    action_id: allowed ? 1 : 2,
    action: allowed ? 'Allowed' : 'Denied',
    disposition_id: allowed ? 1 : 2,
    disposition: allowed ? 'Allowed' : 'Blocked',
    authorizations: [{ decision: policy_decision, ...policy }],
    ...policy,
  });
  return ['policy_decision', 'policy_id'];
}

const ENTITY_IDS: Readonly<Record<string, 'grant_id' | 'provider_id' | 'agent_id' | 'token_id'>> = {
  grant: 'grant_id',
  connection: 'grant_id',
  wallet: 'grant_id',
  provider: 'provider_id',
  agent: 'agent_id',
  token: 'token_id',
};

/** What was changed: its id stands on the record, or among the arguments. */
export function addEntity(record: AuditRecord, document: Document): readonly string[] {
  const noun = nounOf(record.event_type);
  const { args } = record;
  const named = typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
  const field = Object.hasOwn(ENTITY_IDS, noun) ? ENTITY_IDS[noun] : undefined;
  const id = (field && record[field]) ?? named[`${noun}_id`] ?? named.key_id;
  const uid = typeof id === 'string' ? id : undefined;
  const isPolicy = noun === 'policy';
  const policy_id = uid ?? record.policy_id;
  put(document, 'entity', {
    type_id: isPolicy ? 5 : 99,
    type: isPolicy ? 'Policy' : noun,
    name: typeof named.name === 'string' ? named.name : noun,
    ...(uid === undefined ? {} : { uid }),
    ...(isPolicy ? { policy: policy_id === undefined ? { type: noun } : { uid: policy_id } } : {}),
    ...(args === undefined ? {} : { data: args }),
  });
  return args === undefined ? [] : ['args'];
}

/** The operator that was added, changed or removed; by whom is the actor. */
export function addTargetUser(record: AuditRecord, document: Document): readonly string[] {
  const { args, event_id } = record;
  const named = typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
  const uid = typeof named.operator_id === 'string' ? named.operator_id : event_id;
  put(document, 'user', {
    uid,
    ...(typeof named.name === 'string' ? { name: named.name } : {}),
    ...typed([2, 'Admin']),
  });
  return [];
}

export function addSignIn(record: AuditRecord, document: Document): readonly string[] {
  const { actor_id, actor_name, principal_id } = record;
  put(document, 'user', {
    uid: actor_id ?? principal_id ?? 'unknown',
    ...(actor_name === undefined ? {} : { name: actor_name }),
  });
  put(document, 'service', { name: 'Affidavit', uid: record.app_id });
  return ['actor_id', 'actor_name', ...(actor_id === undefined ? ['principal_id'] : [])];
}

/** New, in progress, resolved: where a finding is, by its activity. */
const FINDING_STATUS: Readonly<Record<number, readonly [id: number, name: string]>> = {
  1: [1, 'New'],
  2: [2, 'In Progress'],
  3: [4, 'Resolved'],
};

export function addFinding(
  record: AuditRecord,
  document: Document,
  found: Classified,
): readonly string[] {
  const { args, event_id, event_type, created_at } = record;
  const named = typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
  const text = (name: string) => (typeof named[name] === 'string' ? { [name]: named[name] } : {});
  const [status_id, status] = FINDING_STATUS[found.activity_id] ?? [0, 'Unknown'];
  const { alarm_id } = text('alarm_id');
  const { name } = text('name');
  const { monitor_id } = text('monitor_id');
  const events = Array.isArray(named.event_ids) ? named.event_ids : [];
  Object.assign(document, { status_id, status, is_alert: found.activity_id !== 3 });
  put(document, 'finding_info', {
    uid: alarm_id ?? event_id,
    title: name ?? event_type,
    created_time: Date.parse(created_at),
    ...(record.reason === undefined ? {} : { desc: record.reason }),
    analytic: {
      type_id: 1,
      type: 'Rule',
      name: name ?? event_type,
      ...(monitor_id === undefined ? {} : { uid: monitor_id }),
    },
    ...(events.length > 0 ? { related_events: events.map((uid) => ({ uid })) } : {}),
  });
  return [];
}

/** The profile `record_integrity`: the entry's place in the chain. */
export function addIntegrity(record: AuditRecord, document: Document): readonly string[] {
  const { leaf_hash, prev_hash, seq, app_id } = record;
  if (leaf_hash === undefined) return [];
  const before =
    seq > 0 && prev_hash !== undefined
      ? { prev_event: { uid: `${app_id}:${seq - 1}`, fingerprint: fingerprint(prev_hash) } }
      : {};
  put(document, 'attestation_list', [
    {
      uid: `${app_id}:${seq}`,
      chain_uid: app_id,
      authority_uid: app_id,
      fingerprint: fingerprint(leaf_hash),
      ...before,
    },
  ]);
  return ['leaf_hash', ...(seq > 0 ? ['prev_hash'] : [])];
}

const fingerprint = (value: string) => ({
  algorithm_id: 3,
  algorithm: 'SHA-256',
  encoding_id: 1,
  encoding: 'Hex',
  value,
});
