import { parseFilter } from '../../query/filter.ts';
import type { Subject, SubjectPage } from '../../runs/list.ts';
import { readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';

/** Which runs there were, and on whose behalf agents acted. */

const SUBJECTS_MAX = 100;
const QUERY = ['cursor', 'limit', 'app_id'] as const;

const listOf = (subject: Subject, what: string) => async (context: Context) => {
  const { query, app, services } = context;
  const filter = parseFilter(query, QUERY);
  const cursor = single(query, 'cursor');
  const limit = readLimit(query, SUBJECTS_MAX);
  await recordRead(context, what, filter);
  const request = {
    app: app.app,
    subject,
    filter,
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  };
  return services.readers.run<SubjectPage>('subjects', request);
};

const reading = {
  access: 'events:read',
  tag: 'trail',
  method: 'GET',
  filters: true,
  query: QUERY,
  errors: ['unknown_filter', 'invalid_cursor', 'query_timeout', 'overloaded', 'audit_unavailable'],
} as const;

export const subjectRoutes: readonly Route[] = [
  route({
    ...reading,
    path: '/v1/runs',
    summary: 'Runs with an entry that a filter finds, the newest first, with how they went',
    handler: listOf('run_id', 'runs'),
  }),
  route({
    ...reading,
    path: '/v1/principals',
    summary: 'On whose behalf agents acted, the newest first, with which agents and providers',
    handler: listOf('principal_id', 'principals'),
  }),
];
