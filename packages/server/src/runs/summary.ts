import type { AuditRecord } from '@affidavit/schema';

import type { StoredRecord } from '../query/records.ts';
import { measureOf } from './features.ts';

/** What entries of one run, or on behalf of one person, come to. */

/** Entries that are summed up: the newest. */
export const SUMMED_MAX = 200;
const NAMES_MAX = 20;

export interface Sum {
  readonly first_at: string;
  readonly last_at: string;
  /** Those that were summed up. */
  readonly entries: number;
  readonly more_entries: boolean;
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
  readonly agents: readonly string[];
  readonly providers: readonly string[];
}

const FAILED: ReadonlySet<unknown> = new Set(['provider_error', 'network_error', 'error']);

const WHO = [
  'agent_id',
  'agent_name',
  'task_context',
  'principal_type',
  'principal_email',
] as const;
type Who = Partial<Pick<AuditRecord, (typeof WHO)[number]>>;

const iso = (ms: number) => new Date(ms).toISOString();

/** Takes entries in, the newest first. */
export class Summary {
  readonly #who: Record<string, unknown> = {};
  readonly #agents = new Set<string>();
  readonly #providers = new Set<string>();
  readonly #counts = { calls: 0, refused: 0, failed: 0 };
  #entries = 0;
  #isMore = false;
  #first = 0;
  #last = 0;

  /** False where no more are summed up. */
  add({ created_at, envelope }: StoredRecord): boolean {
    this.#isMore = this.#entries === SUMMED_MAX;
    if (this.#isMore) return false;
    const record = envelope as AuditRecord;
    const { agent_name, agent_id, provider, outcome } = record;
    this.#entries++;
    this.#first = created_at;
    this.#last ||= created_at;
    const measure = measureOf(record);
    if (measure !== undefined) this.#counts[measure]++;
    if (FAILED.has(outcome)) this.#counts.failed++;
    for (const name of WHO) this.#who[name] ??= record[name];
    keep(this.#agents, agent_name ?? agent_id);
    keep(this.#providers, provider);
    return true;
  }

  /** Of the newest entry that says it. */
  get who(): Who {
    return this.#who;
  }

  get isMore(): boolean {
    return this.#isMore;
  }

  /** `first`: when the first entry was, where it is not among those that were summed up. */
  sum(first: number | null): Sum {
    return {
      first_at: iso(first ?? this.#first),
      last_at: iso(this.#last),
      entries: this.#entries,
      more_entries: this.#isMore,
      ...this.#counts,
      agents: [...this.#agents],
      providers: [...this.#providers],
    };
  }
}

function keep(names: Set<string>, name: string | undefined): void {
  if (name !== undefined && names.size < NAMES_MAX) names.add(name);
}
