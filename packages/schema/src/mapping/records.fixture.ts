import fc from 'fast-check';

import { CATEGORIES, EVENT_TYPES, categoryOf } from '../event-types.ts';
import type { AuditRecord } from '../record.ts';

/** A record with every field that a mapping looks at. */
export const FULL: AuditRecord = {
  event_id: 'evt_1',
  seq: 7,
  created_at: '2026-11-21T08:30:00.123Z',
  occurred_at: '2026-11-21T08:29:59Z',
  event_type: 'api.called',
  category: 'api',
  action_type: 'read',
  source: 'observed',
  app_id: 'app_1',
  tenant_id: 'tenant-1',
  actor_type: 'agent',
  actor_id: 'agt_1',
  actor_name: 'Billing',
  caller: 'cron',
  caller_key_prefix: 'aff_ab',
  agent_id: 'agt_1',
  agent_name: 'Billing',
  parent_agent_id: 'agt_0',
  principal_type: 'user',
  principal_id: 'usr_1',
  principal_email: 'a@example.com',
  run_id: 'run_1',
  task_context: 'invoices',
  thread_id: 'thr_1',
  execution_id: 'exe_1',
  reason: 'monthly run',
  context: { 'ticket.id': 'T-1' },
  provider: 'stripe',
  provider_id: 'prv_1',
  grant_id: 'grt_1',
  grant_kind: 'oauth',
  scope_requested: ['read', 'write'],
  scope_granted: ['read'],
  scope_downscoped: true,
  ttl_seconds: 300,
  credential_masked: true,
  policy_decision: 'ALLOW',
  policy_id: 'pol_1',
  policies_checked: ['pol_1', 'pol_2'],
  policy_context: { any: ['thing'] },
  method: 'GET',
  url: 'https://api.stripe.com/v1/charges?limit=3',
  response_status: 200,
  latency_ms: 12.25,
  retry_count: 0,
  request_headers: { accept: 'application/json' },
  response_headers: { 'set-cookie': ['a', 'b'] },
  request_body: { a: 1 },
  response_body: 'text',
  source_ip: '203.0.113.7',
  user_agent: 'agent/1.0',
  risk_level: 'LOW',
  outcome: 'success',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  span_id: '00f067aa0ba902b7',
  prev_hash: 'a'.repeat(64),
  leaf_hash: 'b'.repeat(64),
};

const optional = <T>(values: readonly T[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined });
const text = fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined });

/** Any record: of our own types and of types that clients bring, with any fields left out. */
export const anyRecord: fc.Arbitrary<AuditRecord> = fc
  .record({
    event_type: fc.constantFrom(
      ...Object.keys(EVENT_TYPES),
      'monitor.raised',
      'monitor.updated',
      'monitor.resolved',
      'constructor.called',
      'robot.moved',
      'user.created',
      'http.requested',
    ),
    category: fc.option(fc.constantFrom(...CATEGORIES), { nil: undefined }),
    seq: fc.nat(1_000_000),
    drop: fc.uniqueArray(fc.constantFrom(...Object.keys(FULL))),
    actor_type: optional(['service', 'agent', 'user', 'operator', 'system'] as const),
    outcome: optional([
      'success',
      'policy_denied',
      'provider_error',
      'blocked',
      'dry_run',
      'replayed',
      'unknown',
    ] as const),
    policy_decision: optional(['ALLOW', 'DENY'] as const),
    risk_level: optional(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const),
    method: optional(['GET', 'POST', 'DELETE', 'get', 'FROBNICATE']),
    url: optional(['https://a.example/b?c=d', 'not a url', '/relative']),
    source_ip: optional(['::1', '10.0.0.1', '10.0.0.999', 'somewhere']),
    verb: text,
    error_code: text,
    args: fc.constantFrom(
      undefined,
      null,
      'text',
      [1],
      { name: 'A', policy_id: 'pol_2', operator_id: 'opr_1' },
      { alarm_id: 'alm_1', monitor_id: 'mon_1', name: 'Mints', event_ids: ['evt_1', 'evt_2'] },
    ),
  })
  .map(({ drop, category, ...fields }) => {
    const kept = Object.entries({ ...FULL, ...fields }).filter(
      ([name, value]) => value !== undefined && (!drop.includes(name) || REQUIRED.has(name)),
    );
    const record = Object.fromEntries(kept) as AuditRecord;
    return { ...record, category: category ?? categoryOf(fields.event_type) };
  });

const REQUIRED: ReadonlySet<string> = new Set(
  'event_id seq created_at event_type category source app_id'.split(' '),
);
