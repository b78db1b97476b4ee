import {
  AffidavitError,
  isLevel,
  MONITOR_LIMITS,
  MONITOR_TEMPLATES,
  MonitorBody,
  MonitorDraftBody,
  MonitorPatch,
  MonitorPreviewBody,
  type MonitorRule,
  newId,
} from '@affidavit/schema';
import type { z } from 'zod';

import type { Effect } from '../../store/port.ts';
import type { MonitorGroupsTable } from '../../store/tables.ts';
import { checkNotify } from '../../watch/notify.ts';
import { checkRule, kindOf, MONITOR_DEFAULTS } from '../../watch/check-rule.ts';
import { alarmEvent, groupNamed } from '../../watch/entry.ts';
import type { MonitorView } from '../../watch/reads.ts';
import { groupsOf, learnsFrom, openRule } from '../../watch/rule.ts';
import { administer, CHANGE_ERRORS, requestFields } from '../administer.ts';
import { LIST_QUERY, pageOf, present } from '../list.ts';
import { route, type Context, type Route } from '../route.ts';
import { previewDraft, previewRule, ruleOf } from './monitor-preview.ts';

/** Monitors: what raises an alarm, and how it stands with each. */

const admin = { access: 'admin', tag: 'monitors' } as const;
const reading = { access: 'events:read', tag: 'monitors' } as const;

/** Alarms that are shown with a monitor. */
const SHOWN_MAX = 100;
/** Watching goes on while somebody changes a monitor: a change that comes between is tried again. */
const TRIES = 10;

/** Where what is watched for begins: a window ago, so that it knows what is usual. */
async function startOf({ services, app }: Context, rule: MonitorRule, made_at: number) {
  const request = { app: app.app, time: learnsFrom(rule, made_at) };
  const { before } = await services.readers.run<{ before: number }>('placeOf', request);
  return before;
}

async function createMonitor(context: Context<z.infer<typeof MonitorBody>>) {
  const { services, body, app } = context;
  const rule = ruleOf(body);
  await checkNotify(context, rule);
  const all = await services.readers.run<MonitorView[]>('monitors', { app: app.app });
  if (all.length >= MONITOR_LIMITS.perApp)
    throw new AffidavitError('conflict', `an app has ${MONITOR_LIMITS.perApp} monitors at most`);
  const monitor_id = newId('monitor');
  const now = services.now();
  const looked_seq = await startOf(context, rule, now);
  const row = { app: app.app, monitor_id, rule: JSON.stringify(rule), enabled: +rule.enabled };
  const state = { app: app.app, monitor_id, version: 0, looked_seq };
  await administer(context, { event_type: 'monitor.created', args: { monitor_id, ...rule } }, [
    {
      op: 'insert',
      table: 'monitors',
      row: { ...row, made_at: now, created_at: now, updated_at: now },
    },
    { op: 'insert', table: 'monitor_states', row: state },
  ]);
  return { monitor_id, ...rule, state: 'ok', created_at: new Date(now).toISOString() };
}

async function known({ services, app, params }: Context): Promise<MonitorView> {
  const { monitor_id } = params;
  const request = { app: app.app, monitor_id };
  const [view] = await services.readers.run<MonitorView[]>('monitors', request);
  if (view) return view;
  throw new AffidavitError('not_found', `there is no monitor ${monitor_id}`, {
    field: 'monitor_id',
  });
}

function raisedGroups(context: Context, monitor_id?: string): Promise<MonitorGroupsTable[]> {
  const { services, app } = context;
  const one = monitor_id === undefined ? {} : { monitor_id };
  const request = { app: app.app, ...one, raised: true, limit: SHOWN_MAX };
  return services.readers.run<MonitorGroupsTable[]>('monitorGroups', request);
}

function show(view: MonitorView, groups: readonly MonitorGroupsTable[]) {
  const { monitor_id, rule: text, created_at, updated_at, looked_seq, size } = view;
  const { rule } = openRule(text);
  const raised = groups.filter((group) => group.monitor_id === monitor_id);
  const since = Math.min(...raised.map(({ raised_at }) => raised_at ?? Infinity));
  return present({
    monitor_id,
    ...rule,
    state: raised.length > 0 ? 'raised' : 'ok',
    since_at: raised.length > 0 ? since : null,
    alarms: raised.map(({ alarm_id, raised_at, grp, state }) => ({
      alarm_id,
      group: groupNamed(rule, grp),
      raised_at: new Date(raised_at ?? 0).toISOString(),
      count: groupsOf([{ grp, state } as MonitorGroupsTable]).get(grp)?.alarm?.count,
    })),
    lag_entries: isLevel(rule.kind) ? 0 : Math.max(0, size - 1 - looked_seq),
    created_at,
    updated_at,
  });
}

async function showMonitor(context: Context) {
  const view = await known(context);
  return show(view, await raisedGroups(context, view.monitor_id));
}

async function listMonitors(context: Context) {
  const { services, app, query } = context;
  const all = await services.readers.run<MonitorView[]>('monitors', { app: app.app });
  const groups = await raisedGroups(context);
  return pageOf(
    all.map((view) => show(view, groups)),
    ({ monitor_id }) => String(monitor_id),
    query,
  );
}

/** Alarms that nobody will see the end of, because what raised them is gone. */
async function endAlarms(context: Context, { monitor_id, rule: text }: MonitorView) {
  const { rule } = openRule(text);
  const now = context.services.now();
  return [...groupsOf(await raisedGroups(context, monitor_id))].flatMap(([group, { alarm }]) => {
    if (!alarm) return [];
    const { alarm_id, raised_at, count } = alarm;
    const end = {
      what: 'resolved',
      at: now,
      group,
      alarm_id,
      raised_at,
      count,
      event_ids: [],
    } as const;
    const event = alarmEvent(monitor_id, rule, end);
    return [
      { ...requestFields(context), ...event, reason: `${rule.name}: the monitor was changed` },
    ];
  });
}

/** A change of a monitor begins anew: what it remembered was of another question. */
async function change(
  context: Context,
  event_type: string,
  edit: (view: MonitorView) => Promise<{ readonly args: object; readonly effects: Effect[] }>,
): Promise<void> {
  const { services, app } = context;
  for (let tries = 1; ; tries++) {
    const view = await known(context);
    const { monitor_id, version } = view;
    const where = { app: app.app, monitor_id };
    const { args, effects } = await edit(view);
    const event = {
      ...requestFields(context),
      event_type,
      outcome: 'success',
      args: args as never,
    } as const;
    const ends = await endAlarms(context, view);
    try {
      await services.trail.record({
        app: app.app,
        app_id: app.app_id,
        events: [event, ...ends],
        effects: [
          { op: 'delete', table: 'monitor_states', where: { ...where, version } },
          { op: 'delete', table: 'monitor_groups', where, any: true },
          ...effects,
        ],
      });
      return;
    } catch (error) {
      const again = error instanceof AffidavitError && error.code === 'conflict';
      if (!again || tries === TRIES) throw error;
    }
  }
}

async function changeMonitor(context: Context<z.infer<typeof MonitorPatch>>) {
  const { services, body, app } = context;
  const { app_id: _, ...given } = body;
  await change(context, 'monitor.changed', async (view) => {
    const rule = checkRule({ ...openRule(view.rule).rule, ...given });
    await checkNotify(context, rule);
    const { monitor_id, version } = view;
    const now = services.now();
    const looked_seq = await startOf(context, rule, now);
    const where = { app: app.app, monitor_id };
    const set = {
      rule: JSON.stringify(rule),
      enabled: +rule.enabled,
      made_at: now,
      updated_at: now,
    };
    return {
      args: { monitor_id, ...rule },
      effects: [
        { op: 'update', table: 'monitors', where, set },
        {
          op: 'insert',
          table: 'monitor_states',
          row: { ...where, version: version + 1, looked_seq },
        },
      ],
    };
  });
  return showMonitor(context);
}

async function deleteMonitor(context: Context) {
  const { app, params } = context;
  await change(context, 'monitor.deleted', async ({ monitor_id, rule }) => ({
    args: { monitor_id, ...openRule(rule).rule },
    effects: [{ op: 'delete', table: 'monitors', where: { app: app.app, monitor_id } }],
  }));
  return { monitor_id: params.monitor_id };
}

async function preview(context: Context<z.infer<typeof MonitorPreviewBody>>) {
  const { monitor_id, rule } = await known(context);
  return previewRule(context, rule, { monitor_id });
}

const listTemplates = () =>
  Promise.resolve({
    data: Object.entries(MONITOR_TEMPLATES).map(([template, body]) => ({
      template,
      ...MONITOR_DEFAULTS,
      kind: kindOf(body),
      ...body,
    })),
    next_cursor: null,
    has_more: false,
  });

export const monitorRoutes: readonly Route[] = [
  route({
    ...admin,
    method: 'POST',
    path: '/v1/monitors',
    summary: 'Watch for something: more than a threshold in a window, a new value, silence, hours',
    status: 201,
    body: MonitorBody,
    errors: ['unknown_filter', ...CHANGE_ERRORS],
    handler: createMonitor,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/monitors',
    summary: 'List monitors, and which have raised alarms',
    query: LIST_QUERY,
    handler: listMonitors,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/monitors/templates',
    summary: 'List the monitors that ship ready to be used',
    handler: listTemplates,
  }),
  route({
    ...reading,
    method: 'POST',
    path: '/v1/monitors/preview',
    summary: 'When a monitor that is not there yet would have raised alarms',
    body: MonitorDraftBody,
    errors: ['unknown_filter', 'query_timeout', 'audit_unavailable', 'overloaded'],
    handler: previewDraft,
  }),
  route({
    ...reading,
    method: 'GET',
    path: '/v1/monitors/:monitor_id',
    summary: 'Show a monitor, its alarms, and how far it is',
    errors: ['not_found'],
    handler: showMonitor,
  }),
  route({
    ...admin,
    method: 'PATCH',
    path: '/v1/monitors/:monitor_id',
    summary: 'Change a monitor: it begins anew',
    body: MonitorPatch,
    errors: ['unknown_filter', ...CHANGE_ERRORS],
    handler: changeMonitor,
  }),
  route({
    ...admin,
    method: 'DELETE',
    path: '/v1/monitors/:monitor_id',
    summary: 'Watch for it no more',
    errors: CHANGE_ERRORS,
    handler: deleteMonitor,
  }),
  route({
    ...reading,
    method: 'POST',
    path: '/v1/monitors/:monitor_id/preview',
    summary: 'When it would have raised alarms, over the last days',
    body: MonitorPreviewBody,
    errors: ['not_found', 'query_timeout', 'audit_unavailable', 'overloaded'],
    handler: preview,
  }),
];
