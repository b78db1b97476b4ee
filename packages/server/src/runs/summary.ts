import type { AuditRecord } from '@affidavit/schema';

import type { StoredRecord } from '../query/records.ts';
import { measureOf } from './features.ts';

/** What entries of one run, or on behalf of one person, come to. */

/** Entries that are summed up: the newest. */
const SUMMED_MAX = 200;
const NAMES_MAX = 20;

/** Either is left out where no entry says it. */
interface NamedAgent {
  readonly agent_id?: string | undefined;
  readonly agent_name?: string | undefined;
}

export interface Sum {
  readonly first_at: string;
  readonly last_at: string;
  /** Those that were summed up. */
  readonly entries: number;
  readonly more_entries: boolean;
  readonly calls: number;
  readonly refused: number;
  readonly failed: number;
  readonly agents: readonly NamedAgent[];
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
  readonly #agents = new Map<string, NamedAgent>();
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
    const { provider, outcome } = record;
    this.#entries++;
    this.#first = created_at;
    this.#last ||= created_at;
    const measure = measureOf(record);
    if (measure !== undefined) this.#counts[measure]++;
    if (FAILED.has(outcome)) this.#counts.failed++;
    for (const name of WHO) this.#who[name] ??= record[name];
    this.#name(record);
    const hasRoom = this.#providers.size < NAMES_MAX;
    if (provider !== undefined && hasRoom) this.#providers.add(provider);
    return true;
  }

  #name({ agent_id, agent_name }: AuditRecord): void {
    const key = agent_id ?? agent_name;
    if (key === undefined) return;
    const known = this.#agents.get(key);
    if (known ? known.agent_name !== undefined : this.#agents.size === NAMES_MAX) return;
    this.#agents.set(key, { agent_id, agent_name });
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
      agents: [...this.#agents.values()],
      providers: [...this.#providers],
    };
  }
}
