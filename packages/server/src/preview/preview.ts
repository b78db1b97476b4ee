import { setImmediate as breathe } from 'node:timers/promises';

import type { AuditRecord } from '@affidavit/schema';
import {
  createPolicyEngine,
  DECISION_TYPES,
  WhatIf,
  type AppRef,
  type Judgement,
  type StoredPolicy,
} from '@affidavit/vault';

import { Slots } from '../http/slots.ts';
import type { Filter } from '../query/filter.ts';
import type { PageRequest } from '../query/page.ts';
import type { Services } from '../services.ts';

/** What a change of a policy would have decided otherwise: read from the trail, newest first. */

const DAY_MS = 86_400_000;
const CALLS_MAX = 50_000;
const PAGE = 200;
/** Calls decided in one go; then whatever else waits has its turn. */
const AT_ONCE = 20;
const EXAMPLES_MAX = 100;

export interface PreviewRequest {
  readonly app: AppRef;
  readonly before: readonly StoredPolicy[];
  readonly after: readonly StoredPolicy[];
  readonly policy_id: string;
  readonly days: number;
  /** Most time it takes. */
  readonly budget_ms: number;
}

interface Example {
  readonly execution_id: string | undefined;
  readonly event_id: string | undefined;
  readonly created_at: string | undefined;
  readonly agent_id: string | undefined;
  readonly was: string;
  readonly would_be: string;
  readonly policy_id: string;
}

export interface Preview {
  readonly days: number;
  /** Calls are looked at from here on; later than asked where time or calls were too many. */
  readonly from: string;
  /** Whether all calls of these days were looked at. */
  readonly complete: boolean;
  readonly calls: number;
  readonly changed: number;
  /** How many, by what they were and would be: `"ALLOW to DENY"`. */
  readonly changes: Readonly<Record<string, number>>;
  /** Calls that cannot be decided again, by why. */
  readonly not_evaluated: Readonly<Record<string, number>>;
  readonly examples: readonly Example[];
  readonly note: string;
}

const NOTE =
  'Decided again by what the record holds: with the grant as it is now, and the address as it was ' +
  'recorded. Rates are not counted again; what built-in rules had denied stays denied.';

type Reading = Pick<Services, 'readers' | 'directory' | 'now'>;

type Decided = Partial<AuditRecord>;

/** Few at once: each takes turns with all that the process does. */
const slots = new Slots(2, 'previews');

/** Rejects with `overloaded` where too many are under way. */
export function previewChange(services: Reading, request: PreviewRequest): Promise<Preview> {
  const until = performance.now() + request.budget_ms;
  return slots.during(() => new Previewing(services, request).run(until));
}

class Previewing {
  readonly #services: Reading;
  readonly #request: PreviewRequest;
  readonly #whatIf: WhatIf;
  readonly #changes: Record<string, number> = {};
  readonly #notEvaluated: Record<string, number> = {};
  readonly #examples: Example[] = [];
  #calls = 0;
  #changed = 0;

  constructor(services: Reading, request: PreviewRequest) {
    const { before, after, policy_id } = request;
    this.#services = services;
    this.#request = request;
    this.#whatIf = new WhatIf(createPolicyEngine(), before, after, policy_id);
  }

  async run(until: number): Promise<Preview> {
    const { days } = this.#request;
    const asked = this.#services.now() - days * DAY_MS;
    const filter = filterFrom(asked);
    let from = new Date(asked).toISOString();
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await this.#page(filter, cursor);
      const last = await this.#judge(page.data, until);
      cursor = last === null ? page.next_cursor : null;
      const isOver = last !== null || (cursor !== null && this.#isOver(until));
      if (!isOver) continue;
      from = (last ?? page.data.at(-1))?.created_at ?? from;
      return this.#result(from, false);
    }
    return this.#result(from, true);
  }

  #isOver(until: number): boolean {
    return this.#calls >= CALLS_MAX || performance.now() >= until;
  }

  async #page(filter: Filter, cursor: string | undefined) {
    const { readers } = this.#services;
    const { app } = this.#request.app;
    const request: PageRequest = {
      app,
      filter,
      order: 'desc',
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const text = await readers.run<string>('events', request);
    return JSON.parse(text) as { data: Decided[]; next_cursor: string | null };
  }

  /** Where it had to stop, or null. */
  async #judge(records: readonly Decided[], until: number): Promise<Decided | null> {
    for (const [index, record] of records.entries()) {
      if (!isDecision(record)) continue;
      if (index % AT_ONCE === AT_ONCE - 1) await breathe();
      if (this.#isOver(until)) return record;
      this.#calls++;
      const { directory } = this.#services;
      const { app } = this.#request.app;
      const grant = await directory.grant(app, record.grant_id ?? '');
      this.#count(record, this.#whatIf.judge(record, grant));
    }
    return null;
  }

  #count(record: Decided, judgement: Judgement): void {
    if (judgement.kind === 'not_evaluated') add(this.#notEvaluated, judgement.why);
    if (judgement.kind !== 'changed') return;
    const { was, would_be, policy_id } = judgement;
    this.#changed++;
    add(this.#changes, `${was} to ${would_be}`);
    if (this.#examples.length === EXAMPLES_MAX) return;
    const { execution_id, event_id, created_at, agent_id } = record;
    this.#examples.push({
      execution_id,
      event_id,
      created_at,
      agent_id,
      was,
      would_be,
      policy_id,
    });
  }

  #result(from: string, complete: boolean): Preview {
    return {
      days: this.#request.days,
      from,
      complete,
      calls: this.#calls,
      changed: this.#changed,
      changes: this.#changes,
      not_evaluated: this.#notEvaluated,
      examples: this.#examples,
      note: NOTE,
    };
  }
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function filterFrom(from: number): Filter {
  return {
    from,
    conditions: [
      { fields: ['event_type'], values: [...DECISION_TYPES], prefixes: [] },
      { fields: ['source'], values: ['observed'], prefixes: [] },
    ],
    words: [],
    phrases: [],
  };
}

/** Once for each call: what followed an approval was decided with it; what never was a call is none. */
function isDecision({ event_type, outcome, policy_context }: Decided): boolean {
  if (event_type === 'approval.requested') return true;
  const { approval } = (policy_context ?? {}) as { approval?: unknown };
  if (approval !== undefined) return false;
  return event_type === 'credential.retrieved' || outcome === 'policy_denied';
}
