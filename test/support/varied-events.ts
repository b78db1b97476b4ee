/** For tests: events that fill every field a filter can name, different from one to the next. */

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const hex = (index: number, length: number) =>
  (index + 1).toString(16).padStart(length, '0').slice(-length);

const OUTCOMES = ['success', 'success', 'success', 'provider_error', 'network_error', 'error'];
const RARE = [
  'Grüße aus Zürich',
  '納品書 確認 済み',
  '=HYPERLINK("http://evil.example")',
  'two\nlines, a "quote" and a\ttab',
];

function reasonOf(index: number): string {
  if (index % 997 === 0) return `${pick(RARE, index / 997)} for ${index}`;
  return `refund order number ${index}`;
}

export function variedEvent(index: number, caller: string): Record<string, unknown> {
  const outcome = pick(OUTCOMES, index);
  return {
    event_id: `evt_varied${index}`,
    event_type: pick(['order.placed', 'order.shipped', 'file.read', 'mail.sent'], index),
    tenant_id: `tenant-${index % 7}`,
    actor_type: 'service',
    actor_id: `service-${index % 5}`,
    actor_name: `Service ${index % 5}`,
    caller,
    ...agentOf(index),
    ...runOf(index),
    reason: reasonOf(index),
    context: { tool: `tool-${index % 13}`, note: `shelf ${index % 29} aisle` },
    ...credentialOf(index),
    method: pick(['GET', 'POST', 'PUT'], index),
    url: `https://api.example.com/v1/items/${index}`,
    response_status: pick([200, 201, 404, 500], index),
    source_ip: `10.0.${index % 3}.${index % 251}`,
    verb: `crm:update_${index % 11}`,
    risk_level: pick(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'], index >> 3),
    governance_status: pick(['approved', 'blocked', 'pending', 'rejected'], index >> 4),
    dry_run: index % 10 === 0,
    idempotent: index % 3 === 0,
    outcome,
    ...(outcome.endsWith('error') ? { error_code: `upstream_timeout_${index % 4}` } : {}),
    trace_id: hex(index, 32),
  };
}

const agentOf = (index: number) => ({
  agent_id: `agt_${index % 17}`,
  agent_name: `Agent ${index % 17}`,
  parent_agent_id: `agt_parent_${index % 4}`,
  principal_type: pick(['user', 'group'], index),
  principal_id: `user-${index % 101}`,
  principal_email: `user-${index % 101}@example.com`,
});

const runOf = (index: number) => ({
  run_id: `run-${index >> 6}`,
  task_context: `reconcile ledger ${index % 37}`,
  thread_id: `thread-${index >> 8}`,
  execution_id: `exe_${index}`,
});

const credentialOf = (index: number) => ({
  provider: pick(['github', 'stripe', 'slack'], index),
  provider_id: `prv_${index % 3}`,
  grant_id: `grt_${index % 53}`,
  grant_kind: pick(['oauth', 'managed_secret'], index >> 2),
  token_id: `tok_${index}`,
  scope_downscoped: index % 4 === 1,
  credential_masked: index % 2 === 0,
  policy_decision: index % 19 === 0 ? 'DENY' : 'ALLOW',
  policy_id: `pol_${index % 6}`,
});
