import {
  AffidavitError,
  DestinationBody,
  DestinationPatch,
  DestinationReasonBody,
  newId,
  ReplayBody,
} from '@affidavit/schema';

import { sealConfig, shownConfig } from '../../deliver/config.ts';
import type { Lane } from '../../deliver/reads.ts';
import { showDeadLetter, showDestination } from '../../deliver/shown.ts';
import { parseFilter } from '../../query/filter.ts';
import type { Effect } from '../../store/port.ts';
import type { DeadLettersTable } from '../../store/tables.ts';
import { administer, CHANGE_ERRORS } from '../administer.ts';
import { LIST_QUERY, pageOf, readLimit } from '../list.ts';
import { single } from '../read-request.ts';
import { route, type Context, type Route } from '../route.ts';
import { replay, setPaused, updateDestination } from './destination-changes.ts';
import {
  checkAddress,
  deadLetterCounts,
  destinationOf,
  NEW_LANE,
  standingOf,
  tell,
  withSecret,
} from './destination-row.ts';
import { testDestination } from './destination-test.ts';

/** Destinations: where entries are delivered to, and how it stands with each. */

const admin = { access: 'admin', tag: 'destinations' } as const;
const one = '/v1/destinations/:destination_id';

const DESTINATIONS_MAX = 50;
/** A history of up to so many entries is caught up with in order; a longer one is sent beside. */
const IN_ORDER_MAX = 10_000;

async function createDestination(context: Context<DestinationBody>) {
  const { services, app, body } = context;
  const { type, filter = {}, batch = {}, start } = body;
  parseFilter(filter);
  const [config, secret] = withSecret(type, body.config);
  checkAddress(context, config);
  const known = await services.directory.rows('destinations', { app: app.app });
  if (known.length >= DESTINATIONS_MAX)
    throw new AffidavitError('conflict', `an app has ${DESTINATIONS_MAX} destinations at most`);
  const destination_id = newId('destination');
  const now = services.now();
  const row = {
    app: app.app,
    destination_id,
    type,
    name: body.name ?? type,
    config: JSON.stringify(shownConfig(config)),
    sealed_config: sealConfig(services.keyring, destination_id, { config }),
    filter: JSON.stringify(filter),
    batch: JSON.stringify(batch),
    paused: 0,
    paused_reason: null,
    created_at: now,
    updated_at: now,
  };
  const lanes = await firstLanes(context, destination_id, start, now);
  const event = { event_type: 'destination.created', args: { ...tell(row), start } };
  await administer(context, event, [{ op: 'insert', table: 'destinations', row }, ...lanes]);
  const shown = await standingOf(context, row);
  return secret === null ? shown : { ...shown, secret };
}

/** The live cursor, and where a long history is asked for, a second one for that. */
async function firstLanes(
  { services, app }: Context<unknown>,
  destination_id: string,
  start: DestinationBody['start'],
  created_at: number,
): Promise<Effect[]> {
  const size = await services.streamReads.size(app.app);
  const first = start === 'beginning' ? 0 : start === 'now' ? size : start;
  if (first > size) {
    throw new AffidavitError('invalid_request', 'start is behind the end of the trail', {
      field: 'start',
      expected: `now, beginning, or a seq up to ${size}`,
    });
  }
  const place = { app: app.app, destination_id, created_at, ...NEW_LANE };
  const live = { ...place, lane: 'live', first_seq: first, next_seq: first, end_seq: null };
  if (start !== 'now' && size - first <= IN_ORDER_MAX)
    return [{ op: 'insert', table: 'deliveries', row: live }];
  const sized = { column: 'next_seq', size: 'after' } as const;
  const lanes: Effect[] = [{ op: 'insert', table: 'deliveries', row: live, sized }];
  if (start === 'now') return lanes;
  const past = { ...place, lane: newId('replay'), first_seq: first, next_seq: first, end_seq: 0 };
  const end = { column: 'end_seq', size: 'after' } as const;
  return [...lanes, { op: 'insert', table: 'deliveries', row: past, sized: end }];
}

async function listDestinations({ services, app, query }: Context) {
  const { directory, readers, now } = services;
  const rows = await directory.rows('destinations', { app: app.app }, 'destination_id');
  const lanes = await readers.run<Lane[]>('lanes', { app: app.app });
  const counts = await deadLetterCounts(readers, app.app);
  const shown = rows.map((row) => {
    const own = lanes.filter(({ destination_id }) => destination_id === row.destination_id);
    const deadLetters = counts.get(row.destination_id) ?? 0;
    return showDestination(row, { lanes: own, deadLetters }, now());
  });
  return pageOf(shown, (row) => row.destination_id, query);
}

async function deleteDestination(context: Context) {
  const row = await destinationOf(context);
  const { app, destination_id } = row;
  const where = { app, destination_id };
  await administer(context, { event_type: 'destination.deleted', args: tell(row) }, [
    { op: 'delete', table: 'destinations', where },
    { op: 'delete', table: 'deliveries', where, any: true },
    { op: 'delete', table: 'dead_letters', where, any: true },
  ]);
  return { destination_id };
}

async function listDeadLetters(context: Context) {
  const { services, app, query } = context;
  const { destination_id } = await destinationOf(context);
  const limit = readLimit(query);
  const after = single(query, 'cursor') ?? '';
  const request = { app: app.app, destination_id, after, limit: limit + 1 };
  const rows = await services.readers.run<DeadLettersTable[]>('deadLetters', request);
  const data = rows.slice(0, limit).map(showDeadLetter);
  const has_more = rows.length > limit;
  return { data, next_cursor: has_more ? (data.at(-1)?.dead_letter_id ?? null) : null, has_more };
}

export const destinationRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/destinations',
    summary: 'Deliver entries to a webhook, a SIEM or a bucket, in order and at least once',
    status: 201,
    body: DestinationBody,
    errors: ['egress_blocked', 'unknown_filter', ...CHANGE_ERRORS],
    handler: createDestination,
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/v1/destinations',
    summary: 'List destinations, and how it stands with each',
    query: LIST_QUERY,
    handler: listDestinations,
  }),
  route({
    ...admin,
    method: 'GET',
    path: one,
    summary: 'One destination: cursor, lag, rate, last error, backfills',
    errors: ['not_found'],
    handler: async (context) => standingOf(context, await destinationOf(context)),
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: one,
    summary: 'Change a destination; a new webhook secret signs beside the old one for a while',
    body: DestinationPatch,
    errors: ['egress_blocked', 'unknown_filter', ...CHANGE_ERRORS],
    handler: updateDestination,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: one,
    summary: 'Deliver to it no more, and forget how far it was',
    errors: CHANGE_ERRORS,
    handler: deleteDestination,
  }),
  route({
    ...admin,
    method: 'POST',
    path: `${one}/test`,
    summary: 'Send one marked entry, and tell what the receiver answered',
    body: DestinationReasonBody,
    errors: CHANGE_ERRORS,
    handler: testDestination,
  }),
  route({
    ...admin,
    method: 'POST',
    path: `${one}/pause`,
    summary: 'Send nothing until it is resumed',
    body: DestinationReasonBody,
    errors: CHANGE_ERRORS,
    handler: (context) => setPaused(context, true),
  }),
  route({
    ...admin,
    method: 'POST',
    path: `${one}/resume`,
    summary: 'Go on where it was paused',
    body: DestinationReasonBody,
    errors: CHANGE_ERRORS,
    handler: (context) => setPaused(context, false),
  }),
  route({
    ...admin,
    method: 'GET',
    path: `${one}/dead-letters`,
    summary: 'Entries that it refused for good, by ranges with the reason',
    query: LIST_QUERY,
    errors: ['not_found'],
    handler: listDeadLetters,
  }),
  route({
    ...admin,
    method: 'POST',
    path: `${one}/replay`,
    summary: 'Deliver a range, or a dead letter, once more, beside what is live',
    status: 201,
    body: ReplayBody,
    errors: CHANGE_ERRORS,
    handler: replay,
  }),
];
