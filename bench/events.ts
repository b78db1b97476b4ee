import { seededRandom } from './random.ts';

/**
 * Events as agents report them: about 26 fields and 860 bytes, from 50 agents for 1,000 people at 20
 * providers, in runs of about 20 calls. The same in every run of the bench.
 */

const AGENTS = 50;
const PEOPLE = 1000;
const CALLS_PER_RUN = 20;

export const PROVIDERS = [
  ...'github gmail google-calendar google-drive hubspot intercom jira'.split(' '),
  ...'linear microsoft-teams netsuite notion outlook pagerduty quickbooks'.split(' '),
  ...'salesforce sendgrid slack snowflake stripe zendesk'.split(' '),
];

/** Words of reasons; each stands in about one entry of ten. */
export const WORDS = [
  ...'approve archive assign balance calendar campaign cancel change check close'.split(' '),
  ...'collect compare confirm contract copy customer deadline delivery draft escalate'.split(' '),
  ...'export forecast forward handover invite invoice meeting merge migrate notify'.split(' '),
  ...'offer onboard order overdue parcel payment pipeline plan prepare price'.split(' '),
  ...'project quarter quote reconcile refund remind renew reply report reschedule'.split(' '),
  ...'review roadmap schedule shipment status subscription summarise ticket update verify'.split(
    ' ',
  ),
];

const TASKS = ['Morning briefing', 'Monthly dunning', 'Ticket triage', 'Renewal check', 'Handover'];
const RESOURCES = ['messages', 'invoices', 'contacts', 'issues', 'files', 'events', 'records'];
const SCOPES = ['read', 'write', 'send', 'admin'];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PATCH'];

export const principalOf = (person: number): string => `usr_${String(person).padStart(5, '0')}`;
export const PRINCIPALS = Array.from({ length: PEOPLE }, (_, person) => principalOf(person));

export interface BenchEvent {
  readonly event_type: string;
  readonly run_id: string;
  readonly agent_id: string;
  readonly principal_id: string;
  readonly provider: string;
  readonly outcome: string;
  readonly occurred_at: string;
  readonly [field: string]: unknown;
}

type Random = () => number;

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;

function hex(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits) {
    const eight = Math.floor(random() * 0x1_0000_0000);
    text += eight.toString(16).padStart(8, '0');
  }
  return text.slice(0, digits);
}

function ending(random: Random) {
  const dice = random();
  if (dice < 0.9) return { policy_decision: 'ALLOW', outcome: 'success', response_status: 200 };
  if (dice < 0.95) return { policy_decision: 'DENY', outcome: 'policy_denied' };
  const failed = { policy_decision: 'ALLOW', error_code: 'upstream_failed' };
  return { ...failed, outcome: 'provider_error', response_status: 502 };
}

function reason(random: Random, person: string): string {
  const words = Array.from({ length: 6 }, () => pick(random, WORDS));
  return `${words.join(' ')} for ${person} before ${pick(random, ['noon', 'Friday', 'the call'])}`;
}

/** One event after another, without end. */
export function createEvents(seed: number): () => BenchEvent {
  const random = seededRandom(seed);
  const start = Date.UTC(2026, 0, 1);
  let count = 0;
  return () => {
    const run = Math.floor(count++ / CALLS_PER_RUN);
    const agent = Math.floor(random() * AGENTS);
    const person = pick(random, PRINCIPALS);
    const provider = pick(random, PROVIDERS);
    const resource = pick(random, RESOURCES);
    return {
      event_type: 'api.called',
      occurred_at: new Date(start + count * 40).toISOString(),
      actor_type: 'agent',
      actor_id: `agt_bench_${agent}`,
      agent_id: `agt_bench_${agent}`,
      caller: `worker-${agent % 8}@batch`,
      principal_type: 'user',
      principal_id: person,
      principal_email: `${person}@example.com`,
      run_id: `run_${seed.toString(36)}_${run.toString(36)}`,
      task_context: `${TASKS[run % TASKS.length]} ${run % 500}`,
      execution_id: `exe_${hex(random, 24)}`,
      reason: reason(random, person),
      context: { tool: `${resource}_${provider}`, ticket: `T-${Math.floor(random() * 1e6)}` },
      provider,
      grant_id: `grt_${provider}_${person}`,
      scope_granted: [`${resource}:${pick(random, SCOPES)}`],
      policy_id: `pol_${agent % 12}`,
      method: pick(random, METHODS),
      url: `https://api.${provider}.example.com/v1/${resource}/${hex(random, 12)}?page=${count % 9}`,
      latency_ms: Math.round(random() * 4000) / 10,
      source_ip: `10.${agent}.${run % 256}.${count % 250}`,
      trace_id: hex(random, 32),
      ...ending(random),
    };
  };
}

/** `count` events as bodies of single requests. */
export function singleBodies(count: number, seed: number): Buffer[] {
  const next = createEvents(seed);
  return Array.from({ length: count }, () => Buffer.from(JSON.stringify(next())));
}

export function batchBody(next: () => BenchEvent, size: number): Buffer {
  const events = Array.from({ length: size }, next);
  return Buffer.from(JSON.stringify({ events }));
}
