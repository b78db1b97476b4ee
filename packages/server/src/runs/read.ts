import { AffidavitError, type AuditRecord } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import { parseFilter } from '../query/filter.ts';
import { find, spanOf } from '../query/page.ts';
import type { Tables } from '../store/tables.ts';
import { RunProfile } from './profile.ts';
import { compare, THRESHOLDS, type Comparison } from './verdict.ts';

/** Entries of one run that are looked at: anyone may report more under its id. */
const RUN_ENTRIES_MAX = 5000;

interface Who {
  readonly agent_id?: string | undefined;
  readonly agent_name?: string | undefined;
}

export interface RunView extends Who {
  readonly run_id: string;
  readonly task_context?: string | undefined;
  readonly started_at: string;
  readonly last_at: string;
  /** Of the run, as far as it was looked at. */
  readonly entries: number;
  readonly calls: number;
  readonly refused: number;
  readonly more_entries: boolean;
  readonly baseline: Baseline;
}

/** What it was compared with: the same entries give the same verdict at any time. */
interface Baseline extends Comparison {
  readonly agent_id?: string | undefined;
  readonly runs_compared: number;
  /** Only entries below: the first of the run itself. */
  readonly before_seq: number;
  /** The oldest entry that was looked at. */
  readonly from_seq: number | null;
  readonly entries_compared: number;
  readonly run_ids: readonly string[];
  readonly thresholds: typeof THRESHOLDS;
}

/** A run and how it compares with earlier runs of its agent. Throws `not_found`. */
export async function readRun(
  db: Kysely<Tables>,
  app: number,
  run_id: string,
  deadline: Deadline,
): Promise<RunView> {
  const run = new RunProfile();
  const filter = parseFilter({ run_id });
  const span = await spanOf(db, app, {});
  let first: AuditRecord | undefined;
  let last: AuditRecord | undefined;
  let who: Who & Pick<AuditRecord, 'task_context'> = {};
  let entries = 0;
  for await (const { json } of find({ db, app, filter, order: 'asc', deadline }, span)) {
    if (entries === RUN_ENTRIES_MAX) break;
    const record = JSON.parse(json) as AuditRecord;
    entries++;
    first ??= record;
    last = record;
    const { agent_id, agent_name, task_context } = record;
    who = {
      agent_id: who.agent_id ?? agent_id,
      agent_name: who.agent_name ?? agent_name,
      task_context: who.task_context ?? task_context,
    };
    run.add(record);
  }
  if (!first || !last) {
    throw new AffidavitError('not_found', `there is no run ${run_id.slice(0, 64)}`, {
      field: 'run_id',
    });
  }
  return {
    run_id,
    ...who,
    started_at: first.created_at,
    last_at: last.created_at,
    entries,
    ...run.measures,
    more_entries: entries === RUN_ENTRIES_MAX,
    baseline: await compareWithEarlier(db, app, { run, who, before: first.seq }, deadline),
  };
}

interface Compared {
  readonly run: RunProfile;
  readonly who: Who;
  readonly before: number;
}

/** The newest earlier runs of the agent, by what it did before this run began. */
async function compareWithEarlier(
  db: Kysely<Tables>,
  app: number,
  { run, who, before }: Compared,
  deadline: Deadline,
): Promise<Baseline> {
  const { agent_id } = who;
  const earlier = new Map<string, RunProfile>();
  let entries_compared = 0;
  let from_seq: number | null = null;
  const { runs_max, entries_max } = THRESHOLDS;
  if (agent_id !== undefined) {
    const search = { db, app, filter: parseFilter({ agent_id }), order: 'desc', deadline } as const;
    for await (const { json } of find(search, { first: 0, end: before })) {
      const record = JSON.parse(json) as AuditRecord;
      const { run_id } = record;
      const isOneMore = run_id !== undefined && !earlier.has(run_id);
      if (entries_compared === entries_max || (isOneMore && earlier.size === runs_max)) break;
      entries_compared++;
      from_seq = record.seq;
      if (run_id === undefined) continue;
      const profile = earlier.get(run_id) ?? new RunProfile();
      profile.add(record);
      earlier.set(run_id, profile);
    }
  }
  return {
    ...compare(run, [...earlier.values()]),
    agent_id,
    runs_compared: earlier.size,
    before_seq: before,
    from_seq,
    entries_compared,
    run_ids: [...earlier.keys()],
    thresholds: THRESHOLDS,
  };
}
