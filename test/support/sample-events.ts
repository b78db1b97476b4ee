import { seededRandom } from '../../bench/random.ts';
import { SAMPLE_AGENTS, type SampleAct, type SampleAgent } from './sample-cast.ts';

/** For tests and pictures: what agents of a mid-sized company report in thirty days. */

type Random = () => number;
type Fields = Readonly<Record<string, unknown>>;

export interface SampleWish {
  readonly seed: number;
  readonly entries: number;
  /** Epoch ms of the newest `occurred_at`; the oldest is thirty days before. */
  readonly until: number;
  /** Of each agent by its name. */
  readonly agentIds: ReadonlyMap<string, string>;
}

const HOUR_MS = 3_600_000;
const HOURS = 30 * 24;
/** How busy each hour of a working day is, in UTC. */
const BUSY = [1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 17, 13, 16, 18, 17, 14, 9, 5, 4, 3, 2, 2, 1];
const WEEKEND = 0.25;
const STEPS_MIN = 8;
const PEOPLE = 40;

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;
const whole = (random: Random, most: number) => 1 + Math.floor(random() * most);

function hex(random: Random, digits: number): string {
  const eight = () =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return Array.from({ length: Math.ceil(digits / 8) }, eight)
    .join('')
    .slice(0, digits);
}

/** Most take about the median, some take long (log-normal). */
function latency(random: Random, median_ms: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(median_ms * Math.exp(0.6 * normal) * 10) / 10;
}

/** Where a share of all events lies in the thirty days: more by day than by night. */
function momentsBefore(until: number): (share: number) => number {
  const start = until - HOURS * HOUR_MS;
  let sum = 0;
  const sums = Array.from({ length: HOURS }, (_, hour) => {
    const time = new Date(start + hour * HOUR_MS);
    const weight = [0, 6].includes(time.getUTCDay()) ? WEEKEND : 1;
    return (sum += (BUSY[time.getUTCHours()] as number) * weight);
  });
  return (share) => {
    const hour = sums.findIndex((one) => one >= share * sum);
    const before = sums[hour - 1] ?? 0;
    return start + (hour + (share * sum - before) / ((sums[hour] as number) - before)) * HOUR_MS;
  };
}

interface Run {
  readonly random: Random;
  readonly agent: SampleAgent;
  /** What all entries of the run say. */
  readonly common: Fields;
  time: number;
}

function beginRun(random: Random, time: number, number: number, wish: SampleWish): Run {
  const agent = pick(random, SAMPLE_AGENTS);
  const person = `usr_${String(Math.floor(PEOPLE * random() ** 2)).padStart(3, '0')}`;
  const agent_id = wish.agentIds.get(agent.name);
  const common = {
    actor_type: 'agent',
    actor_id: agent_id,
    actor_name: agent.name,
    agent_id,
    agent_name: agent.name,
    caller: `${agent.name}@${pick(random, ['batch', 'web', 'batch-eu'])}`,
    principal_type: 'user',
    principal_id: person,
    principal_email: `${person}@example.com`,
    run_id: `run_${wish.seed}_${number}`,
    task_context: pick(random, agent.tasks),
    trace_id: hex(random, 32),
    source_ip: `10.${whole(random, 4)}.${whole(random, 250)}.${whole(random, 250)}`,
  };
  return { random, agent, common, time };
}

function* runEvents(run: Run): Generator<Fields> {
  const { random, agent } = run;
  for (let steps = STEPS_MIN + Math.floor(random() * 10); steps > 0; steps--) {
    yield* stepEvents(run, pick(random, agent.acts));
    run.time += 1000 * (1 + 12 * random());
  }
}

/** One call or action: the intent and how it ended, or its denial alone. */
function* stepEvents(run: Run, act: SampleAct): Generator<Fields> {
  const { random, common } = run;
  const number = String(whole(random, 9000));
  const { provider, verb, method, scope, risk_level } = act;
  const step = {
    ...common,
    execution_id: `exe_${hex(random, 24)}`,
    reason: act.reason.replace('#', number),
    context: { tool: `${provider}_${scope.split(':')[0]}`, ticket: `OPS-${whole(random, 900)}` },
    provider,
    grant_id: `grt_${provider}_${String(common['principal_id'])}`,
    grant_kind: 'oauth',
    scope_requested: [scope],
    method,
    url: act.url.replace('#', number),
    policy_id: `pol_${provider}_office_hours`,
    ...(verb === undefined ? {} : { verb, risk_level, governance_status: 'approved' }),
  };
  const at = () => ({ occurred_at: new Date(run.time).toISOString() });
  if (random() < (risk_level === 'HIGH' ? 0.18 : 0.04)) {
    const denied = { policy_decision: 'DENY', outcome: 'policy_denied', scope_granted: [] };
    const policies_checked = [step.policy_id, 'pol_no_deletes'];
    yield { event_type: 'credential.denied', ...step, ...at(), ...denied, policies_checked };
    return;
  }
  const allowed = { policy_decision: 'ALLOW', scope_granted: [scope] };
  yield { event_type: 'credential.retrieved', ...step, ...at(), ...allowed };
  const latency_ms = latency(random, act.median_ms);
  run.time += latency_ms;
  const ended = { ...step, ...at(), ...allowed, latency_ms, ...ending(random, act, number) };
  if (verb === undefined) yield { event_type: 'api.called', ...ended };
  else yield { event_type: 'action.executed', ...ended, duration_ms: latency_ms + 4 };
}

function ending(random: Random, act: SampleAct, number: string): Fields {
  const dice = random();
  if (dice < 0.03) {
    const response_status = pick(random, [500, 502, 503, 429]);
    const error_code = response_status === 429 ? 'provider_busy' : 'upstream_failed';
    return { outcome: 'provider_error', response_status, error_code };
  }
  if (dice < 0.04) return { outcome: 'network_error', error_code: 'provider_timeout' };
  if (act.verb !== undefined && dice < 0.06) return { outcome: 'replayed', idempotent: true };
  if (act.verb !== undefined && dice < 0.08) return { outcome: 'dry_run', dry_run: true };
  const body = { id: Number(number), state: pick(random, ['open', 'done', 'waiting']) };
  const isRead = act.method === 'GET';
  return {
    outcome: 'success',
    response_status: isRead ? 200 : 201,
    ...(isRead
      ? {}
      : { request_body: { id: Number(number), note: act.reason.replace('#', number) } }),
    response_body: isRead ? { items: [body], total: whole(random, 40) } : body,
  };
}

/** So many events, the same for the same wish. */
export function* sampleEvents(wish: SampleWish): Generator<Fields> {
  const random = seededRandom(wish.seed);
  const momentOf = momentsBefore(wish.until);
  for (let made = 0, number = 0; made < wish.entries; number++) {
    const run = beginRun(random, momentOf(made / wish.entries), number, wish);
    for (const event of runEvents(run)) {
      yield event;
      if (++made === wish.entries) return;
    }
  }
}
