import { AffidavitError } from '@affidavit/schema';

import type { Order } from '../../query/cursor.ts';
import { parseFilter, type Query } from '../../query/filter.ts';
import type { RunView } from '../../runs/read.ts';
import { STAT_GROUPS, type Stats } from '../../stats/read.ts';
import { readInterval } from '../interval.ts';
import { readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { JsonText, route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';
import { PAGE_QUERY, readOrder } from './events.ts';

/** What an agent did, what a person's data was used for, how a run went, how well it all works. */

/** What somebody did with credentials, unless categories are asked for. */
const USE = ['credential', 'api', 'action'];

/** A page of the trail about one subject, with further filters. */
function pageAbout({ query, app }: Context, about: Query, preset: Order) {
  const cursor = single(query, 'cursor');
  const own = query['category'] === undefined ? { category: USE } : {};
  const { conditions } = parseFilter({ ...about, ...own });
  const filter = parseFilter(query, PAGE_QUERY);
  return {
    app: app.app,
    filter: { ...filter, conditions: [...conditions, ...filter.conditions] },
    order: readOrder(query, preset),
    limit: readLimit(query),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

async function showTimeline(context: Context) {
  const request = pageAbout(context, { agent: context.params.agent_id }, 'asc');
  await recordRead(context, 'timeline', request.filter);
  return new JsonText(await context.services.readers.run<string>('events', request));
}

async function showActivity(context: Context) {
  const request = pageAbout(context, { user: context.params.principal_id }, 'desc');
  await recordRead(context, 'activity', request.filter);
  return new JsonText(await context.services.readers.run<string>('events', request));
}

/** The run with its verdict, and a page of its entries in order. */
async function showRun(context: Context) {
  const { params, query, app, services } = context;
  const filter = parseFilter({ run_id: params.run_id });
  const cursor = single(query, 'cursor');
  const request = {
    app: app.app,
    filter,
    order: 'asc',
    limit: readLimit(query),
    ...(cursor === undefined ? {} : { cursor }),
  };
  await recordRead(context, 'run', filter);
  const { run_id } = params;
  const run = await services.readers.run<RunView>('run', { app: app.app, run_id });
  const page = await services.readers.run<string>('events', request);
  return new JsonText(`${JSON.stringify(run).slice(0, -1)},${page.slice(1)}`);
}

function readGroups({ query }: Context) {
  const names = [query['group_by'] ?? []].flat().flatMap((one) => one.split(','));
  return names.map((name) => {
    const group = STAT_GROUPS.find((one) => one === name);
    if (group) return group;
    throw new AffidavitError('invalid_request', 'it cannot be grouped by this', {
      field: 'group_by',
      expected: `some of ${STAT_GROUPS.join(', ')}`,
    });
  });
}

const STATS_QUERY = ['group_by', 'interval', 'app_id'] as const;

async function showStats(context: Context) {
  const { query, app, services } = context;
  const filter = parseFilter(query, STATS_QUERY);
  const groupBy = [...new Set(readGroups(context))];
  const interval = readInterval(query);
  await recordRead(context, 'stats', { ...filter, groupBy, interval });
  return services.readers.run<Stats>('stats', { app: app.app, filter, groupBy, interval });
}

const reading = { access: 'events:read', tag: 'trail', method: 'GET' } as const;
const asking = ['query_timeout', 'overloaded', 'audit_unavailable'] as const;

export const activityRoutes: readonly Route[] = [
  route({
    ...reading,
    path: '/v1/agents/:agent_id/timeline',
    summary: 'Every credential that an agent minted and used and every call it made, in order',
    filters: true,
    query: PAGE_QUERY,
    errors: ['unknown_filter', 'invalid_cursor', ...asking],
    handler: showTimeline,
  }),
  route({
    ...reading,
    path: '/v1/principals/:principal_id/activity',
    summary: 'What the data of a person was used for, the newest first',
    filters: true,
    query: PAGE_QUERY,
    errors: ['unknown_filter', 'invalid_cursor', ...asking],
    handler: showActivity,
  }),
  route({
    ...reading,
    path: '/v1/runs/:run_id',
    summary: 'A run in order, and whether it is consistent with earlier runs of its agent',
    query: ['cursor', 'limit', 'app_id'],
    errors: ['not_found', 'invalid_cursor', ...asking],
    handler: showRun,
  }),
  route({
    ...reading,
    path: '/v1/stats',
    summary: 'Percentiles of duration and rates of failures, blocks and repeats, by group and time',
    filters: true,
    query: STATS_QUERY,
    errors: ['unknown_filter', ...asking],
    handler: showStats,
  }),
];
