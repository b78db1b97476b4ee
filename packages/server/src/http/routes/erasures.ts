import { AffidavitError, ErasureBody } from '@affidavit/schema';
import type { z } from 'zod';

import type { Wanted } from '../../retain/erasable.ts';
import type { Untouchable } from '../../retain/erase.ts';
import type { ErasureList } from '../../retain/erasure-list.ts';
import type { KeptEntry } from '../../retain/named.ts';
import type { ErasuresTable } from '../../store/tables.ts';
import { CHANGE_ERRORS, requestFields } from '../administer.ts';
import { LIST_QUERY, present, readLimit } from '../list.ts';
import { missing } from '../refusals.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';

/** Erasures: what must go before its time. */

const admin = { access: 'admin', tag: 'retention' } as const;

/** How long a request waits for its erasure; a larger one goes on by itself. */
const WAIT_MS = 10_000;
/** And for the space to be given back. */
const FREE_MS = 3000;

async function refuseUnknown({ services, app }: Context, event_ids: readonly string[]) {
  const request = { app: app.app, event_ids };
  const found = await services.readers.run<KeptEntry[]>('namedEntries', request);
  const known = new Set(found.map(({ event_id }) => event_id));
  const unknown = event_ids.find((event_id) => !known.has(event_id));
  if (unknown === undefined) return;
  throw new AffidavitError('not_found', `there is no event ${unknown}`, { field: 'event_ids' });
}

async function erase(context: Context<z.infer<typeof ErasureBody>>) {
  const { services, app, body } = context;
  const { erasures, space } = services.retain;
  const { principal_id, parts, reason } = body;
  const event_ids = [...new Set(body.event_ids)];
  const concerned: Wanted = principal_id === undefined ? { event_ids } : { principal_id };
  if (event_ids.length > 0) await refuseUnknown(context, event_ids);
  const actor = requestFields(context);
  const asked = { concerned, parts: parts && [...new Set(parts)], reason, actor };
  const erasure_id = await erasures.request(app, asked);
  const { row, held } = await erasures.run(app, erasure_id, performance.now() + WAIT_MS);
  if (row.state === 'refused') throw onHold(erasure_id, held);
  const space_freed = row.ended_at !== null && (await space.free(performance.now() + FREE_MS));
  return { ...showErasure(row), space_freed };
}

function onHold(erasure_id: string, held: readonly Untouchable[]) {
  const [first] = held;
  const what = first?.hold_id === undefined ? 'says what was removed' : 'is on hold';
  return new AffidavitError('conflict', `entry ${first?.event_id} ${what}; nothing was erased`, {
    advice: 'Release the holds on it first: GET /v1/holds lists them.',
    extra: { erasure_id, held },
  });
}

function showErasure({ parts, ...row }: ErasuresTable) {
  const hidden = { principal_id: null, event_ids: null, requested_by: null, after_seq: null };
  const named = parts === null ? null : (JSON.parse(parts) as string[]);
  return present({ ...row, ...hidden, parts: named });
}

async function listErasures({ services, app, query }: Context) {
  const limit = readLimit(query);
  const after = single(query, 'cursor') ?? '';
  const principal_id = single(query, 'principal_id');
  const digest =
    principal_id === undefined
      ? {}
      : { digest: services.retain.erasures.digest(app, principal_id) };
  const request: ErasureList = { app: app.app, after, limit: limit + 1, ...digest };
  const rows = await services.readers.run<ErasuresTable[]>('erasures', request);
  const data = rows.slice(0, limit);
  const has_more = rows.length > limit;
  return {
    data: data.map(showErasure),
    next_cursor: has_more ? (data.at(-1)?.erasure_id ?? null) : null,
    has_more,
  };
}

async function showOne({ services, app, params }: Context) {
  const erasure_id = params.erasure_id as string;
  const [row] = await services.directory.rows('erasures', { app: app.app, erasure_id });
  if (!row) throw missing('erasure_id', erasure_id);
  return showErasure(row);
}

export const erasureRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/erasures',
    summary: 'Erase entries, or all of a principal, or single parts of them',
    status: 201,
    body: ErasureBody,
    errors: [...CHANGE_ERRORS, 'query_timeout'],
    handler: erase,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/erasures',
    summary: 'List erasures, also those of one principal',
    query: [...LIST_QUERY, 'principal_id'],
    handler: listErasures,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/erasures/:erasure_id',
    summary: 'Show how far an erasure is',
    errors: ['not_found'],
    handler: showOne,
  }),
];
