import type { AuditRecord } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import { INTERVALS_MS, startOf, type Interval } from '../query/intervals.ts';
import { find, spanOf } from '../query/page.ts';
import type { Tables } from '../store/tables.ts';

/**
 * How calls and actions went: rates, and percentiles of how long they took. Of the newest
 * executions that fit, so many and no more: what it costs does not grow with the trail. Where
 * there are more, `complete` is false, and `from` says how far back the figures go.
 */

const EXECUTIONS_MAX = 20_000;
const GROUPS_MAX = 1000;

export const STAT_GROUPS = ['agent', 'provider', 'verb'] as const;
export type StatGroup = (typeof STAT_GROUPS)[number];

export interface StatsRequest {
  readonly app: number;
  readonly filter: Filter;
  readonly groupBy: readonly StatGroup[];
  readonly interval: Interval | null;
}

interface Figures {
  readonly count: number;
  readonly failure_rate: number;
  readonly block_rate: number;
  readonly replay_rate: number;
  readonly unknown_rate: number;
  readonly dry_run_rate: number;
  /** Of those that were timed: `duration_ms`, else `latency_ms`. */
  readonly duration_ms: Percentiles | null;
}

interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Stats {
  readonly total: Figures;
  readonly groups: readonly (Figures & Readonly<Record<string, unknown>>)[];
  readonly complete: boolean;
  /** Of the oldest and the newest execution that is counted. */
  readonly from: string | null;
  readonly to: string | null;
  readonly before_seq: number;
}

const FAILED: ReadonlySet<unknown> = new Set(['provider_error', 'network_error', 'error']);
const BLOCKED: ReadonlySet<unknown> = new Set(['policy_denied', 'blocked']);

class Sample {
  readonly #outcomes = new Map<string, number>();
  readonly #durations: number[] = [];
  #count = 0;

  add({ outcome, duration_ms, latency_ms }: AuditRecord): void {
    this.#count++;
    const name = outcome ?? '';
    this.#outcomes.set(name, (this.#outcomes.get(name) ?? 0) + 1);
    const spent = duration_ms ?? latency_ms;
    if (spent !== undefined) this.#durations.push(spent);
  }

  get figures(): Figures {
    const rate = (test: (outcome: string) => boolean) => {
      let sum = 0;
      for (const [outcome, count] of this.#outcomes) if (test(outcome)) sum += count;
      return this.#count === 0 ? 0 : sum / this.#count;
    };
    return {
      count: this.#count,
      failure_rate: rate((outcome) => FAILED.has(outcome)),
      block_rate: rate((outcome) => BLOCKED.has(outcome)),
      replay_rate: rate((outcome) => outcome === 'replayed'),
      unknown_rate: rate((outcome) => outcome === 'unknown'),
      dry_run_rate: rate((outcome) => outcome === 'dry_run'),
      duration_ms: percentiles(this.#durations),
    };
  }
}

/** By the nearest rank: each is a value that occurred. */
function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number;
  return {
    count: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
  };
}

const VALUES: Readonly<Record<StatGroup, (record: AuditRecord) => string | undefined>> = {
  agent: ({ agent_name, agent_id }) => agent_name ?? agent_id,
  provider: ({ provider }) => provider,
  verb: ({ verb }) => verb,
};

/** Where an execution belongs: the values of its groups, and when its interval began. */
function placeOf(
  record: AuditRecord,
  created_at: number,
  { groupBy, interval }: StatsRequest,
): object {
  const values = groupBy.map((name) => [name, VALUES[name](record) ?? null] as const);
  if (interval === null) return Object.fromEntries(values);
  const start = startOf(created_at, INTERVALS_MS[interval]);
  return { ...Object.fromEntries(values), at: new Date(start).toISOString() };
}

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());

export async function readStats(
  db: Kysely<Tables>,
  request: StatsRequest,
  deadline: Deadline,
): Promise<Stats> {
  const { app } = request;
  const filter: Filter = { ...request.filter, finals: true };
  const span = await spanOf(db, app, filter);
  const total = new Sample();
  const groups = new Map<string, Sample>();
  let counted = 0;
  let from: number | null = null;
  let to: number | null = null;
  let complete = true;
  for await (const { envelope, created_at } of find(
    { db, app, filter, order: 'desc', deadline },
    span,
  )) {
    if (counted === EXECUTIONS_MAX) {
      complete = false;
      break;
    }
    const record = envelope as AuditRecord;
    counted++;
    to ??= created_at;
    from = created_at;
    total.add(record);
    const key = JSON.stringify(placeOf(record, created_at, request));
    const sample = groups.get(key) ?? new Sample();
    sample.add(record);
    if (groups.size < GROUPS_MAX || groups.has(key)) groups.set(key, sample);
    else complete = false;
  }
  const shown = [...groups].map(([key, { figures }]) => ({
    ...(JSON.parse(key) as object),
    ...figures,
  }));
  const counts = { total: total.figures, groups: shown, complete };
  return { ...counts, from: iso(from), to: iso(to), before_seq: span.end };
}
