import type { Kysely } from 'kysely';

import type { Span } from '../indexing/segments.ts';
import { decodeCursor, encodeCursor } from '../query/cursor.ts';
import type { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import type { Search } from '../query/find.ts';
import { find, narrow, spanOf } from '../query/page.ts';
import type { Tables } from '../store/tables.ts';
import { Summary, type Sum } from './summary.ts';

/**
 * The runs, or the people, that the trail tells of: each once, where its newest entry is, the newest
 * first. Found by walking back through what matches, because there are too many to be listed by the
 * index.
 */

/** Entries that are walked through for one page; a page of few may be followed by more. */
const WALKED_MAX = 4000;
export type Subject = 'run_id' | 'principal_id';

export interface SubjectRequest {
  readonly app: number;
  readonly subject: Subject;
  readonly filter: Filter;
  readonly limit: number;
  readonly cursor?: string;
}

export interface SubjectPage {
  readonly data: readonly (RunRow | PersonRow)[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

export interface RunRow extends Sum {
  readonly run_id: string;
  readonly agent_id?: string | undefined;
  readonly agent_name?: string | undefined;
  readonly task_context?: string | undefined;
}

export interface PersonRow extends Sum {
  readonly principal_id: string;
  readonly principal_type?: string | undefined;
  readonly principal_email?: string | undefined;
}

export async function listSubjects(
  db: Kysely<Tables>,
  request: SubjectRequest,
  deadline: Deadline,
): Promise<SubjectPage> {
  const { app, subject, filter, limit, cursor } = request;
  const before = cursor === undefined ? null : decodeCursor(app, filter, 'desc', cursor).seq;
  const whole = await spanOf(db, app, filter);
  const search: Search = { db, app, filter, order: 'desc', deadline };
  const data: (RunRow | PersonRow)[] = [];
  const seen = new Set<string>();
  let walked = 0;
  let end: number | null = null;
  for await (const { seq, envelope } of find(search, narrow(whole, 'desc', before))) {
    if (data.length === limit || walked === WALKED_MAX) {
      end = seq + 1;
      break;
    }
    walked++;
    const id = envelope[subject];
    if (id === undefined || seen.has(String(id))) continue;
    seen.add(String(id));
    if (before !== null && !(await isNewest(search, subject, String(id), { whole, seq }))) continue;
    data.push(await sumUp(search, subject, String(id), whole));
  }
  const next_cursor = end === null ? null : encodeCursor(app, filter, { seq: end, order: 'desc' });
  return { data, next_cursor, has_more: end !== null };
}

/** The same search for one run or person alone. */
function searchFor(search: Search, subject: Subject, id: string): Search {
  const condition = { fields: [subject], values: [id], prefixes: [] };
  const { filter } = search;
  return { ...search, filter: { ...filter, conditions: [...filter.conditions, condition] } };
}

/** Whether it stands here and not on an earlier page, where a newer entry of it is. */
async function isNewest(
  search: Search,
  subject: Subject,
  id: string,
  { whole, seq }: { readonly whole: Span; readonly seq: number },
): Promise<boolean> {
  for await (const newest of find(searchFor(search, subject, id), whole, 1)) {
    return newest.seq === seq;
  }
  return false;
}

/** A run is summed up whole; of a person what the filter finds. */
async function sumUp(search: Search, subject: Subject, id: string, whole: Span) {
  const isRun = subject === 'run_id';
  const own = searchFor(isRun ? { ...search, filter: EVERYTHING } : search, subject, id);
  const span = isRun ? await spanOf(search.db, search.app, {}) : whole;
  const summary = new Summary();
  for await (const record of find(own, span, FIRST_STEP)) if (!summary.add(record)) break;
  const first = summary.isMore ? await firstOf({ ...own, order: 'asc' }, span) : null;
  return rowOf(subject, id, summary, first);
}

const EVERYTHING: Filter = { conditions: [], words: [], phrases: [] };
/** Most runs are short. */
const FIRST_STEP = 32;

async function firstOf(search: Search, span: Span): Promise<number | null> {
  for await (const { created_at } of find(search, span, 1)) return created_at;
  return null;
}

function rowOf(subject: Subject, id: string, summary: Summary, first: number | null) {
  const { agent_id, agent_name, task_context, principal_type, principal_email } = summary.who;
  const sum = summary.sum(first);
  return subject === 'run_id'
    ? { run_id: id, agent_id, agent_name, task_context, ...sum }
    : { principal_id: id, principal_type, principal_email, ...sum };
}
