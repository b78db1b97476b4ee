import type { AuditRecord, FieldName } from '@affidavit/schema';

import { readLimit } from '../http/list.ts';
import { single } from '../http/read-request.ts';
import type { Context } from '../http/route.ts';
import { encodeCursor } from '../query/cursor.ts';
import type { FacetCount } from '../query/facet-counts.ts';
import type { FacetRequest, Facets } from '../query/facets.ts';
import { parseFilter, type Filter } from '../query/filter.ts';
import { HIDDEN, isShown, showEntry, tells, type Shown } from './entry.ts';
import { principalOf, recordView, theirs, type Principal } from './principal.ts';

/** What was done with a person's data, and by them. */

/** What they can ask for; who they are is not among it. */
const FILTERS = ['caller', 'agent_id', 'provider', 'grant_id', 'from', 'to', 'q'] as const;
export const ACTIVITY_QUERY = [...FILTERS, 'cursor', 'limit'] as const;
export const CSV_QUERY = FILTERS;
export const FACETS_QUERY = [...FILTERS, 'field'] as const;
/** Fields whose values they can choose among. */
export const FACETS: readonly FieldName[] = ['agent_id', 'provider', 'caller'];

const PAGE_MAX = 200;
/** Pages of the trail that are looked at for one of these, where much of it is not shown. */
const READS_MAX = 8;
const FACETS_MAX = 200;

export interface Question {
  readonly principal: Principal;
  /** As they asked. */
  readonly asked: Filter;
  /** The same, about them alone. */
  readonly filter: Filter;
}

/** Throws where a parameter is none of the filters of a wallet. */
export function questionOf(context: Context): Question {
  const given = FILTERS.map((name) => [name, context.query[name]] as const);
  const asked = parseFilter(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  const principal = principalOf(context);
  return { principal, asked, filter: theirs(principal, asked) };
}

export interface ActivityPage {
  readonly data: readonly Shown[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

interface TrailPage {
  readonly data: readonly AuditRecord[];
  readonly next_cursor: string | null;
}

/** The newest first. A page may have fewer than asked for, and more may follow all the same. */
export async function readActivity(
  { services, app }: Context,
  { filter, principal }: Question,
  limit: number,
  from: string | undefined,
): Promise<ActivityPage> {
  const data: Shown[] = [];
  let cursor = from;
  for (let reads = 0; reads < READS_MAX; reads++) {
    const at = cursor === undefined ? {} : { cursor };
    const request = { app: app.app, filter, order: 'desc', limit, ...at } as const;
    const page = JSON.parse(await services.readers.run<string>('events', request)) as TrailPage;
    for (const [index, record] of page.data.entries()) {
      const entry = isShown(record) ? showEntry(record, principal) : null;
      if (entry && tells(entry, filter)) data.push(entry);
      if (data.length < limit) continue;
      const isLast = index === page.data.length - 1;
      const place = { seq: record.seq, order: 'desc' } as const;
      const here = isLast ? page.next_cursor : encodeCursor(app.app, filter, place);
      return { data, next_cursor: here, has_more: here !== null };
    }
    if (page.next_cursor === null) return { data, next_cursor: null, has_more: false };
    cursor = page.next_cursor;
  }
  return { data, next_cursor: cursor ?? null, has_more: cursor !== undefined };
}

export async function showActivity(context: Context): Promise<ActivityPage> {
  const question = questionOf(context);
  const limit = readLimit(context.query, PAGE_MAX);
  const cursor = single(context.query, 'cursor');
  await recordView(context, 'activity', question.asked);
  return readActivity(context, question, limit, cursor);
}

/** Values of a field with how often they occur among what is shown. */
export async function countActivity(context: Context, field: FieldName) {
  const question = questionOf(context);
  await recordView(context, 'facets', { field, ...question.asked });
  const all = await count(context, field, question.filter);
  const hidden = { fields: ['event_type'], values: HIDDEN, prefixes: [] } as const;
  const conditions = [...question.filter.conditions, hidden];
  const unseen = new Map(
    (await count(context, field, { ...question.filter, conditions })).map((one) => [
      one.value,
      one.count,
    ]),
  );
  const seen = all.map(({ value, count }) => ({ value, count: count - (unseen.get(value) ?? 0) }));
  const data = seen.filter((one) => one.count > 0).sort((a, b) => b.count - a.count);
  return { field, data: field === 'agent_id' ? await withNames(context, data) : data };
}

async function count({ services, app }: Context, field: FieldName, filter: Filter) {
  const asked = { fields: [field], filter, limit: FACETS_MAX, mayEstimate: false };
  const request: FacetRequest = { app: app.app, ...asked };
  const { fields } = await services.readers.run<Facets>('facets', request);
  return fields[field] as readonly FacetCount[];
}

const withNames = ({ services, app }: Context, data: readonly FacetCount[]) =>
  Promise.all(
    data.map(async (one) => {
      const agent = await services.directory.agent(app.app, one.value);
      return agent ? { ...one, name: agent.name } : one;
    }),
  );
