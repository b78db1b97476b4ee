import {
  AffidavitError,
  RETENTION_DAYS,
  RetentionBody,
  RetentionExtendBody,
  SweepBody,
} from '@affidavit/schema';
import type { z } from 'zod';

import { refuseJump } from '../../retain/clock.ts';
import { lastRight, vouch } from '../../retain/daily.ts';
import { DAY_MS, newDecision } from '../../retain/decision.ts';
import type { KeptEntry } from '../../retain/named.ts';
import type { Effect } from '../../store/port.ts';
import { administer, CHANGE_ERRORS, requestFields } from '../administer.ts';
import { route, type Context, type Route } from '../route.ts';

/** How long entries are kept, and the sweep that removes what is older. */

const admin = { access: 'admin', tag: 'retention' } as const;

/** How long a request sweeps; what is left is for the next, or for the daily sweep. */
const SWEEP_MS = 15_000;
/** And how long it waits for the space to be given back, which goes on by itself. */
const FREE_MS = 8000;

const daysOf = (window_ms: number | null) => (window_ms === null ? null : window_ms / DAY_MS);

async function retentionOf({ services, app }: Context) {
  const [row] = await services.directory.rows('retention', { app: app.app });
  if (row) return row;
  throw new AffidavitError('internal', 'the app has no retention');
}

async function showRetention(context: Context) {
  const { window_ms, updated_at } = await retentionOf(context);
  const { clock } = context.services.retain;
  return {
    days: daysOf(window_ms),
    default_days: RETENTION_DAYS,
    updated_at: new Date(updated_at).toISOString(),
    clock_doubt: clock.doubt(await lastRight(context.services, clock)),
  };
}

async function changeRetention(context: Context<z.infer<typeof RetentionBody>>) {
  const { services, app, body } = context;
  const before = await retentionOf(context);
  const window_ms = body.days === null ? null : Math.round(body.days * DAY_MS);
  const event = {
    event_type: 'retention.updated',
    args: { days: body.days, days_before: daysOf(before.window_ms) },
  };
  const set = { window_ms, updated_at: services.now() };
  await administer(context, event, [
    { op: 'update', table: 'retention', where: { app: app.app }, set },
    newDecision(app.app),
  ]);
  return { days: body.days, days_before: daysOf(before.window_ms) };
}

/** Refuses what is not there, or would not be kept any longer than it is. */
function checkExtension(entries: readonly KeptEntry[], ids: readonly string[], until: number) {
  const known = new Map(entries.map((entry) => [entry.event_id, entry]));
  for (const event_id of ids) {
    const entry = known.get(event_id);
    const field = 'event_ids';
    if (!entry) throw new AffidavitError('not_found', `there is no event ${event_id}`, { field });
    if (!entry.there) {
      throw new AffidavitError('gone', `entry ${event_id} was swept or erased`, { field });
    }
    if (until > (entry.until ?? Infinity)) continue;
    throw new AffidavitError('conflict', `entry ${event_id} is kept longer than that already`, {
      field: 'until',
      ...(entry.until === null
        ? { expected: 'nothing: the app keeps its entries for ever' }
        : { expected: `a time after ${new Date(entry.until).toISOString()}` }),
    });
  }
}

async function extendRetention(context: Context<z.infer<typeof RetentionExtendBody>>) {
  const { services, app, body } = context;
  const event_ids = [...new Set(body.event_ids)];
  const until = Date.parse(body.until);
  const look = () => services.readers.run<KeptEntry[]>('namedEntries', { app: app.app, event_ids });
  checkExtension(await look(), event_ids, until);
  const retention_until = new Date(until).toISOString();
  const event = {
    event_type: 'retention.extended',
    ...(body.reason === undefined ? {} : { reason: body.reason }),
    args: { event_ids, until: retention_until },
  };
  const effects = event_ids.flatMap((event_id): Effect[] => [
    { op: 'delete', table: 'kept', where: { app: app.app, event_id }, any: true },
    { op: 'insert', table: 'kept', row: { app: app.app, event_id, until } },
  ]);
  await administer(context, event, [...effects, newDecision(app.app)]);
  return { extended: event_ids.length, until: retention_until };
}

/** Whoever administers the installation and sweeps says thereby that the clock is right. */
async function sweepNow(context: Context<z.infer<typeof SweepBody>>) {
  const { services, app, body, identity } = context;
  const { sweep, clock, space } = services.retain;
  if (body.accept_clock !== true) refuseJump(clock);
  const swept = await sweep.run(app, {
    actor: requestFields(context),
    after: body.after,
    until: performance.now() + SWEEP_MS,
  });
  if (identity.installation) await vouch(services, clock);
  const space_freed = await space.free(performance.now() + FREE_MS);
  return { ...swept, space_freed };
}

export const retentionRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'GET',
    path: '/v1/retention',
    summary: 'How long entries are kept',
    handler: showRetention,
  }),
  route({
    ...admin,
    method: 'PUT',
    path: '/v1/retention',
    summary: 'Say how long entries are kept; shortening takes effect at the next sweep',
    body: RetentionBody,
    errors: CHANGE_ERRORS,
    handler: changeRetention,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/retention/extend',
    summary: 'Keep some entries longer than the others',
    body: RetentionExtendBody,
    errors: [...CHANGE_ERRORS, 'gone'],
    handler: extendRetention,
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/v1/retention/sweep',
    summary: 'Remove now what is older than is kept',
    body: SweepBody,
    errors: [...CHANGE_ERRORS, 'query_timeout'],
    handler: sweepNow,
  }),
];
