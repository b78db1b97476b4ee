import type { AuditRecord } from '@affidavit/schema';

/** Counting what a report is about, in memory that does not grow with it. */

const NONE = '—';

/** By what a report groups. */
const DIMENSIONS = {
  agent: { title: 'Agent', of: (record: AuditRecord) => actorOf(record) },
  provider: { title: 'Provider', of: ({ provider }: AuditRecord) => provider },
  host: { title: 'Host', of: ({ url }: AuditRecord) => hostOf(url) },
  principal: {
    title: 'On whose behalf',
    of: ({ principal_email, principal_id }: AuditRecord) => principal_email ?? principal_id,
  },
  purpose: {
    title: 'Purpose, as it was stated',
    of: ({ reason, task_context }: AuditRecord) => reason ?? task_context,
  },
  policy: { title: 'Policy and rule', of: (record: AuditRecord) => policyOf(record) },
  event: { title: 'Event', of: ({ event_type }: AuditRecord) => event_type },
} as const;
export type Dimension = keyof typeof DIMENSIONS;

export const titleOf = (dimension: Dimension): string => DIMENSIONS[dimension].title;

/** The agent; where none is known, whoever acted. */
export function actorOf(record: AuditRecord): string | undefined {
  const { agent_name, agent_id, actor_name, actor_id } = record;
  return agent_name ?? agent_id ?? actor_name ?? actor_id;
}

/** Where a call went, without what stands behind the host. */
export const hostOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (URL.parse(url)?.host ?? undefined);

function policyOf({ policy_id, policy_context, error_code }: AuditRecord): string | undefined {
  const { policy, rule } = (policy_context ?? {}) as Record<string, unknown>;
  const name = (policy as { name?: unknown } | undefined)?.name ?? policy_id ?? error_code;
  if (name === undefined) return undefined;
  return typeof rule === 'string' ? `${String(name)} (${rule})` : String(name);
}

/** Of some entries. Times are `created_at`, ISO 8601 UTC. */
export interface Counts {
  readonly entries: number;
  /** Calls and actions that were carried out, whatever came of them. */
  readonly calls: number;
  /** What policy, or the guard of addresses, refused. */
  readonly refused: number;
  /** Calls and actions that failed, or of which nobody knows how they ended. */
  readonly failed: number;
  readonly on_hold: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
  /** When a credential was last released or a call made with one. */
  readonly last_used_at: string | null;
}

export const NO_COUNTS: Counts = {
  entries: 0,
  calls: 0,
  refused: 0,
  failed: 0,
  on_hold: 0,
  first_at: null,
  last_at: null,
  last_used_at: null,
};

/** Of some entries, and behind them of others. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    entries: a.entries + b.entries,
    calls: a.calls + b.calls,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
    on_hold: a.on_hold + b.on_hold,
    first_at: outermost(a.first_at, b.first_at, -1),
    last_at: outermost(a.last_at, b.last_at, 1),
    last_used_at: outermost(a.last_used_at, b.last_used_at, 1),
  };
}

/** The earlier of two times, or with 1 the later. */
function outermost(a: string | null, b: string | null, sign: -1 | 1): string | null {
  if (a === null || b === null) return a ?? b;
  return (a < b ? -1 : 1) === sign ? a : b;
}

const CALLS: ReadonlySet<string> = new Set(['api.called', 'action.executed']);
const REFUSED: ReadonlySet<unknown> = new Set(['policy_denied', 'blocked']);
const FAILED: ReadonlySet<unknown> = new Set([
  'provider_error',
  'network_error',
  'error',
  'unknown',
]);

function countsOf({ event_type, outcome, legal_hold, created_at }: AuditRecord): Counts {
  const isRefused = REFUSED.has(outcome);
  const isCall = CALLS.has(event_type) && !isRefused;
  const isUse = isCall || event_type === 'credential.retrieved';
  return {
    entries: 1,
    calls: isCall ? 1 : 0,
    refused: isRefused ? 1 : 0,
    failed: isCall && FAILED.has(outcome) ? 1 : 0,
    on_hold: legal_hold === true ? 1 : 0,
    first_at: created_at,
    last_at: created_at,
    last_used_at: isUse ? created_at : null,
  };
}

/** Groups that are told apart; what comes on top is one group. */
const GROUPS_MAX = 500;
const NAME_CHARACTERS = 300;

export interface Group {
  readonly names: readonly string[];
  readonly counts: Counts;
}

/** A sum of counts, also by groups. It crosses from reader threads. */
export interface Tally {
  readonly counts: Counts;
  readonly groups: readonly Group[];
}

/** Sums what comes, entries or other tallies. */
export class Tallying {
  readonly #by: readonly Dimension[];
  readonly #groups = new Map<string, Group>();
  #counts: Counts = NO_COUNTS;

  constructor(by: readonly Dimension[]) {
    this.#by = by;
  }

  addRecord(record: AuditRecord): void {
    const names = this.#by.map((dimension) =>
      (DIMENSIONS[dimension].of(record) ?? NONE).slice(0, NAME_CHARACTERS),
    );
    const counts = countsOf(record);
    this.#counts = addCounts(this.#counts, counts);
    this.#addGroup({ names, counts });
  }

  addTally({ counts, groups }: Tally): void {
    this.#counts = addCounts(this.#counts, counts);
    for (const group of groups) this.#addGroup(group);
  }

  #addGroup({ names, counts }: Group): void {
    const isFull = this.#groups.size >= GROUPS_MAX && !this.#groups.has(JSON.stringify(names));
    const placed = isFull ? this.#by.map(() => '(others)') : names;
    const key = JSON.stringify(placed);
    const known = this.#groups.get(key)?.counts ?? NO_COUNTS;
    this.#groups.set(key, { names: placed, counts: addCounts(known, counts) });
  }

  /** The largest groups first. */
  get tally(): Tally {
    const groups = [...this.#groups.values()].sort(
      (a, b) => b.counts.entries - a.counts.entries || (a.names < b.names ? -1 : 1),
    );
    return { counts: this.#counts, groups };
  }
}
