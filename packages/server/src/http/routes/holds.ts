import { AffidavitError, HoldBody, newId } from '@affidavit/schema';
import type { z } from 'zod';

import { parseFilter } from '../../query/filter.ts';
import { newDecision } from '../../retain/decision.ts';
import { holdQuery } from '../../retain/holds.ts';
import type { KeptEntry } from '../../retain/named.ts';
import type { Effect } from '../../store/port.ts';
import type { HoldsTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { missing } from '../refusals.ts';
import { route, type Context, type Route } from '../route.ts';

/** Legal holds: what is under one is neither swept nor erased, however old it is. */

const admin = { access: 'admin', tag: 'retention' } as const;

/** Which of the named entries can be held: all that were recorded must still be there. */
async function refuseAbsent({ services, app }: Context, event_ids: readonly string[]) {
  if (event_ids.length === 0) return;
  const request = { app: app.app, event_ids };
  const found = await services.readers.run<KeptEntry[]>('namedEntries', request);
  const there = new Map(found.map((entry) => [entry.event_id, entry.there]));
  for (const event_id of event_ids) {
    if (there.get(event_id)) continue;
    const field = 'event_ids';
    throw there.has(event_id)
      ? new AffidavitError('gone', `entry ${event_id} was swept or erased`, { field })
      : new AffidavitError('not_found', `there is no event ${event_id}`, { field });
  }
}

async function placeHold(context: Context<z.infer<typeof HoldBody>>) {
  const { services, app, body } = context;
  const { filter, reason } = body;
  if (filter) parseFilter(holdQuery(filter));
  const event_ids = [...new Set(body.event_ids)];
  await refuseAbsent(context, event_ids);
  const hold_id = newId('hold');
  const row = {
    app: app.app,
    hold_id,
    reason,
    filter: filter ? JSON.stringify(filter) : null,
    placed_at: services.now(),
  };
  const args = { hold_id, ...(filter ? { filter } : { event_ids }) };
  await administer(context, { event_type: 'hold.placed', reason, args }, [
    { op: 'insert', table: 'holds', row },
    ...event_ids.map((event_id): Effect => {
      return { op: 'insert', table: 'held', row: { app: app.app, event_id, hold_id } };
    }),
    newDecision(app.app),
  ]);
  await keepOrRelease(context, row, event_ids);
  return { ...showHold(row), ...(filter ? {} : { event_ids }) };
}

/**
 * A sweep may have been faster than the hold. From now on none can be, so that what is there now
 * stays; a hold on what is gone is taken back, on the record, and refused.
 */
async function keepOrRelease(context: Context, row: HoldsTable, event_ids: readonly string[]) {
  try {
    await refuseAbsent(context, event_ids);
  } catch (error) {
    if (error instanceof AffidavitError && error.code === 'gone') await release(context, row);
    throw error;
  }
}

async function release(context: Context, { hold_id }: HoldsTable) {
  const { app } = context.app;
  const where = { app, hold_id };
  await administer(context, { event_type: 'hold.released', args: { hold_id } }, [
    { op: 'delete', table: 'holds', where },
    { op: 'delete', table: 'held', where, any: true },
    newDecision(app),
  ]);
}

function showHold({ filter, ...row }: HoldsTable) {
  return present({ ...row, filter: filter === null ? null : (JSON.parse(filter) as object) });
}

async function knownHold({ services, app, params }: Context): Promise<HoldsTable> {
  const hold_id = params.hold_id as string;
  const [row] = await services.directory.rows('holds', { app: app.app, hold_id });
  if (!row) throw missing('hold_id', hold_id);
  return row;
}

async function releaseHold(context: Context) {
  const row = await knownHold(context);
  await release(context, row);
  return { hold_id: row.hold_id };
}

async function showOneHold(context: Context) {
  const { services, app } = context;
  const row = await knownHold(context);
  const where = { app: app.app, hold_id: row.hold_id };
  const held = await services.directory.rows('held', where, 'event_id');
  const event_ids = held.map(({ event_id }) => event_id);
  return { ...showHold(row), ...(row.filter === null ? { event_ids } : {}) };
}

export const holdRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/holds',
    summary: 'Put entries on legal hold, by their ids or by a filter',
    status: 201,
    body: HoldBody,
    errors: [...CHANGE_ERRORS, 'unknown_filter', 'gone'],
    handler: placeHold,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/holds',
    summary: 'List the holds that stand',
    query: LIST_QUERY,
    handler: async ({ services, app, query }) => {
      const rows = await services.directory.rows('holds', { app: app.app }, 'hold_id');
      return pageOf(rows.map(showHold), (row) => String(row.hold_id), query);
    },
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/holds/:hold_id',
    summary: 'Show a hold, with the entries it names',
    errors: ['not_found'],
    handler: showOneHold,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/holds/:hold_id',
    summary: 'Release a hold',
    errors: CHANGE_ERRORS,
    handler: releaseHold,
  }),
];
