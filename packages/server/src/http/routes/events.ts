import { parseHeader, type Evidence } from '@affidavit/ledger';
import { AffidavitError } from '@affidavit/schema';

import type { Order } from '../../query/cursor.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { JsonText, route, type Context, type Route } from '../route.ts';
import { recordRead } from '../trail-reads.ts';
import { sendBundle } from './bundle.ts';
import { EXPORT_QUERY, exportEvents, showManifest } from './export.ts';
import { FACET_QUERY, listFacets } from './facets.ts';
import { HISTOGRAM_QUERY, showHistogram } from './histogram.ts';
import { streamEvents } from './stream.ts';

/** Reading the trail: searching, counting, following, exporting. */

export const PAGE_QUERY = ['order', 'cursor', 'limit', 'app_id'] as const;

export function readOrder(query: Context['query'], preset: Order): Order {
  const order = single(query, 'order') ?? preset;
  if (order === 'asc' || order === 'desc') return order;
  throw new AffidavitError('invalid_request', 'order is not known', {
    field: 'order',
    expected: 'asc or desc',
  });
}

function pageRequest({ query, app }: Context, others: readonly string[] = PAGE_QUERY) {
  const cursor = single(query, 'cursor');
  return {
    app: app.app,
    filter: parseFilter(query, others),
    order: readOrder(query, 'desc'),
    limit: readLimit(query),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

async function listEvents(context: Context) {
  const request = pageRequest(context);
  await recordRead(context, 'events', request.filter);
  return new JsonText(await context.services.readers.run<string>('events', request));
}

const EXECUTIONS_QUERY = [...PAGE_QUERY, 'open'];

async function listExecutions(context: Context) {
  const asked = pageRequest(context, EXECUTIONS_QUERY);
  const open = single(context.query, 'open') ?? 'false';
  if (open !== 'true' && open !== 'false') {
    throw new AffidavitError('invalid_request', 'open is not valid', {
      field: 'open',
      expected: 'true or false',
    });
  }
  const filter: Filter = { ...asked.filter, ...(open === 'true' ? { open: true } : {}) };
  const request = { ...asked, filter };
  await recordRead(context, 'executions', filter);
  return new JsonText(await context.services.readers.run<string>('executions', request));
}

async function showEvent(context: Context) {
  const { params, app, services } = context;
  const event_id = params.event_id as string;
  const filter = {
    conditions: [{ fields: ['event_id' as const], values: [event_id], prefixes: [] }],
    words: [],
    phrases: [],
  };
  await recordRead(context, 'events', filter);
  const request = { app: app.app, filter, order: 'desc', limit: 1 };
  const text = await services.readers.run<string>('events', request);
  const [event] = (JSON.parse(text) as { data: object[] }).data;
  if (event) return event;
  // Throws `not_found` for what was never there.
  const { header, proof } = await services.readers.run<Evidence>('evidence', {
    app: app.app,
    event_id,
  });
  throw new AffidavitError('gone', `entry ${event_id} was swept or erased`, {
    extra: { event_id, seq: parseHeader(header).seq, header, proof },
  });
}

/** One entry with all that it takes to check it offline. */
async function showEvidence(context: Context) {
  const { params, app, services } = context;
  const event_id = params.event_id as string;
  await recordRead(context, 'evidence', { event_id });
  return services.readers.run<Evidence>('evidence', { app: app.app, event_id });
}

async function showExecution(context: Context) {
  const { params, app, services } = context;
  const execution_id = params.execution_id as string;
  await recordRead(context, 'executions', { execution_id });
  const request = { app: app.app, execution_id };
  return new JsonText(await services.readers.run<string>('execution', request));
}

const reading = { access: 'events:read', tag: 'trail' } as const;
const asking = [
  'unknown_filter',
  'invalid_cursor',
  'query_timeout',
  'overloaded',
  'audit_unavailable',
] as const;

export const eventRoutes: readonly Route[] = [
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events',
    summary: 'Search the trail',
    filters: true,
    query: PAGE_QUERY,
    errors: asking,
    handler: listEvents,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/stream',
    summary: 'Follow the trail as server-sent events',
    filters: true,
    query: ['app_id'],
    streams: true,
    slots: 'streams',
    produces: 'text/event-stream',
    errors: asking,
    handler: streamEvents,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/facets',
    summary: 'Values of a field, or of several, and how often they occur',
    filters: true,
    query: FACET_QUERY,
    errors: asking,
    handler: listFacets,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/histogram',
    summary: 'How many entries match, over time',
    filters: true,
    query: HISTOGRAM_QUERY,
    errors: asking,
    handler: showHistogram,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/export',
    summary: 'Export everything that a filter finds; its id, in a header, leads to its manifest',
    filters: true,
    query: EXPORT_QUERY,
    streams: true,
    slots: 'longAnswers',
    produces: 'application/x-ndjson',
    errors: asking,
    handler: exportEvents,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/exports/:export_id',
    summary: 'The manifest of an export: count, positions, SHA-256 of the bytes, checkpoint',
    errors: ['not_found', ...asking],
    handler: showManifest,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/bundle',
    summary: 'Everything that a filter finds, with all that it takes to check it offline',
    filters: true,
    query: ['app_id'],
    streams: true,
    produces: 'application/x-tar',
    errors: asking,
    handler: sendBundle,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/:event_id',
    summary: 'Show one entry; 410 with its header and proof where it was removed',
    errors: ['not_found', 'gone'],
    handler: showEvent,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/events/:event_id/evidence',
    summary: 'One entry with parts, salts and proof: all that it takes to check it offline',
    errors: ['not_found', 'query_timeout', 'overloaded', 'audit_unavailable'],
    handler: showEvidence,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/executions',
    summary:
      'Search executions, intent and outcome as one; with open=true those that have not ended',
    filters: true,
    query: EXECUTIONS_QUERY,
    errors: asking,
    handler: listExecutions,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/executions/:execution_id',
    summary: 'Show one execution',
    errors: ['not_found'],
    handler: showExecution,
  }),
];
