import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import type { Condition, Filter } from '../query/filter.ts';
import { find, firstAtOrAfter, sizeOf } from '../query/page.ts';
import { readRecords, type StoredRecord } from '../query/records.ts';
import type { Tables } from '../store/tables.ts';
import { readRetention, type Removable } from './expired.ts';
import { readKeeping, type Named } from './keeping.ts';

const ENTRIES_PER_STEP = 500;

/** Records that one of these types is looked for in, in one step. */
const LOOKED_AT_MAX = 5000;
/** What operators asked and ordered, which may name a principal in its `args`. */
const NAMING_TYPES = ['trail.read', 'trail.exported', 'hold.placed'];

/** Whose entries, or which. */
export type Wanted = { readonly principal_id: string } | { readonly event_ids: readonly string[] };
/** Or those in which somebody is named by what operators asked. */
export type Concerned = Wanted | { readonly naming: string };

export interface ErasableRequest {
  readonly app: number;
  readonly concerned: Concerned;
  /** Names of parts; all for null. */
  readonly parts: readonly string[] | null;
  /** Entries up to here are done with; -1 at first. */
  readonly after: number;
  /** Answers are kept for repeats from then on, epoch ms. */
  readonly answersSince: number;
}

export interface ErasableStep {
  /** What it was decided on: see `RetentionTable.revision`. */
  readonly revision: string;
  readonly entries: readonly Removable[];
  /** Executions of theirs whose answers may be kept for repeats. */
  readonly executions: readonly string[];
  /** Those of the entries that are on hold. */
  readonly held: readonly { readonly event_id: string; readonly hold_id: string }[];
  /** Those that say what was removed: they stay. */
  readonly telling: readonly string[];
  readonly after: number;
  readonly done: boolean;
}

/** The next entries that an erasure is about and that still have something of it, in one snapshot. */
export async function readErasable(
  db: Kysely<Tables>,
  request: ErasableRequest,
  deadline: Deadline,
): Promise<ErasableStep> {
  const { app, concerned, parts, after, answersSince } = request;
  const { revision } = await readRetention(db, app);
  const found =
    'event_ids' in concerned
      ? await entriesNamed(db, app, concerned.event_ids, after)
      : await entriesAbout(db, app, concerned, after, deadline);
  const counts = await countParts(db, app, found.entries, parts);
  const entries = found.entries.filter(({ seq }) => counts.has(seq));
  const { held, telling } = await readKeeping(db, app, entries);
  return {
    revision,
    entries: entries.map((entry) => {
      return { ...entry, rows: counts.get(entry.seq) as number, kept: false };
    }),
    executions: await recentExecutions(db, app, entries, answersSince),
    held: [...held].map(([event_id, hold_id]) => ({ event_id, hold_id })),
    telling: [...telling],
    after: found.after,
    done: found.done,
  };
}

async function recentExecutions(
  db: Kysely<Tables>,
  app: number,
  entries: readonly Named[],
  since: number,
): Promise<string[]> {
  const first = await firstAtOrAfter(db, app, await sizeOf(db, app), since);
  const recent = entries.filter(({ seq }) => seq >= first).map(({ seq }) => seq);
  const records = await readRecords(db, app, recent, 'asc');
  const ids = records.flatMap(({ envelope }) => envelope.execution_id ?? []);
  return [...new Set(ids.map(String))];
}

interface Found {
  readonly entries: readonly Named[];
  readonly after: number;
  readonly done: boolean;
}

/** The next entries on behalf of a principal, or those in which operators named them. */
async function entriesAbout(
  db: Kysely<Tables>,
  app: number,
  concerned: Exclude<Concerned, { event_ids: readonly string[] }>,
  after: number,
  deadline: Deadline,
): Promise<Found> {
  const isNaming = 'naming' in concerned;
  const condition: Condition = isNaming
    ? { fields: ['event_type'], values: NAMING_TYPES, prefixes: [] }
    : { fields: ['principal_id'], values: [concerned.principal_id], prefixes: [] };
  const filter: Filter = { conditions: [condition], words: [], phrases: [] };
  const span = { first: after + 1, end: await sizeOf(db, app) };
  const entries: Named[] = [];
  let looked = 0;
  for await (const record of find({ db, app, filter, order: 'asc', deadline }, span)) {
    const event_id = String(record.envelope.event_id);
    if (!isNaming || namesInArgs(record, concerned.naming))
      entries.push({ seq: record.seq, event_id });
    const isFull = entries.length === ENTRIES_PER_STEP || ++looked === LOOKED_AT_MAX;
    if (isFull) return { entries, after: record.seq, done: false };
  }
  return { entries, after: Math.max(after, span.end - 1), done: true };
}

/** Whether anything in `args` is this text. */
function namesInArgs({ json }: StoredRecord, text: string): boolean {
  const { args } = JSON.parse(json) as { args?: unknown };
  return JSON.stringify(args ?? null).includes(JSON.stringify(text));
}

async function entriesNamed(
  db: Kysely<Tables>,
  app: number,
  eventIds: readonly string[],
  after: number,
): Promise<Found> {
  const rows = await db
    .selectFrom('entries')
    .select(['seq', 'event_id'])
    .where('app', '=', app)
    .where('event_id', 'in', eventIds)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(ENTRIES_PER_STEP)
    .execute();
  const entries = rows.map(({ seq, event_id }) => ({ seq: Number(seq), event_id }));
  const done = rows.length < ENTRIES_PER_STEP;
  return { entries, after: entries.at(-1)?.seq ?? after, done };
}

/** How many of the parts each entry still has; entries without any are left out. */
async function countParts(
  db: Kysely<Tables>,
  app: number,
  entries: readonly Named[],
  parts: readonly string[] | null,
): Promise<Map<number, number>> {
  if (entries.length === 0) return new Map();
  const seqs = entries.map(({ seq }) => seq);
  const rows = await db
    .selectFrom('parts')
    .select(['seq', 'part'])
    .where('app', '=', app)
    .where('seq', 'in', seqs)
    .execute();
  const counts = new Map<number, number>();
  for (const { seq, part } of rows) {
    if (parts !== null && !parts.includes(part)) continue;
    counts.set(Number(seq), (counts.get(Number(seq)) ?? 0) + 1);
  }
  return counts;
}
