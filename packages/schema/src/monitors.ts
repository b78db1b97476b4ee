import { z } from 'zod';

import { LIMITS } from './limits.ts';
import { TimeWindowTemplate } from './policy.ts';
import { LOOKUP_FIELDS, type FieldName } from './record.ts';

/** Monitors: what is watched for on the trail, and what ships ready to be used. */

export const SEVERITIES = ['P1', 'P2', 'P3', 'P4', 'P5'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * `count`: more than `threshold` entries in a window. `new_value`: a value of `field` that has not
 * been seen for a window. `absence`: nothing for a window, where there was something before.
 * `outside_hours`: more than `threshold` entries in a window, outside of `schedule`.
 * `open_intents`: more than `threshold` executions without an outcome for longer than the window.
 * `destination_lag`: more than `threshold` entries to deliver, the oldest for longer than the window.
 */
export const MONITOR_KINDS = [
  'count',
  'new_value',
  'absence',
  'outside_hours',
  'open_intents',
  'destination_lag',
] as const;
export type MonitorKind = (typeof MONITOR_KINDS)[number];

export const MONITOR_LIMITS = {
  perApp: 100,
  threshold: 1000,
  windowSeconds: 30 * 24 * 3600,
  previewDays: 90,
} as const;

const lookup = () =>
  z.string().refine((name): name is FieldName => LOOKUP_FIELDS.has(name as FieldName), {
    error: 'must be a field that is also a filter',
  });
const value = () => z.string().min(1).max(1024);

/** Business hours: days, and from when to when by the clock of a time zone. */
export const Schedule = z.strictObject({
  days: TimeWindowTemplate.shape.days,
  from: TimeWindowTemplate.shape.from,
  to: TimeWindowTemplate.shape.to,
  time_zone: TimeWindowTemplate.shape.time_zone,
});
export type Schedule = z.infer<typeof Schedule>;

const FIELDS = {
  name: z.string().trim().min(1).max(128),
  /** The same names and values as the parameters of `GET /v1/events`, without times. */
  filter: z.record(z.string().max(64), z.union([value(), z.array(value()).min(1).max(50)])),
  kind: z.enum(MONITOR_KINDS),
  /** Counts by each value of this field. */
  group_by: lookup(),
  /** Of `new_value`: whose values. */
  field: lookup(),
  /** More than so many. */
  threshold: z.int().min(0).max(MONITOR_LIMITS.threshold),
  window_seconds: z.int().min(1).max(MONITOR_LIMITS.windowSeconds),
  severity: z.enum(SEVERITIES),
  schedule: Schedule,
  /** Destinations that must get the alarms: their filters have to let them through. */
  notify: z.array(z.string().regex(/^dst_[A-Za-z0-9_-]{1,64}$/)).max(10),
  enabled: z.boolean(),
};

/** Kinds that are told by the state of the server, not by entries. */
const LEVELS: ReadonlySet<MonitorKind> = new Set(['open_intents', 'destination_lag']);
export const isLevel = (kind: MonitorKind): boolean => LEVELS.has(kind);

const appId = { app_id: z.string().min(1).max(LIMITS.idCharacters).optional() };

/** What a monitor is, with everything said. */
export const MonitorRule = z
  .strictObject({
    ...FIELDS,
    group_by: FIELDS.group_by.nullable(),
    field: FIELDS.field.nullable(),
    schedule: FIELDS.schedule.nullable(),
  })
  .refine((rule) => (rule.kind === 'new_value') === (rule.field !== null), {
    path: ['field'],
    error: 'new_value, and no other kind, needs the field whose values are watched',
  })
  .refine((rule) => (rule.kind === 'outside_hours') === (rule.schedule !== null), {
    path: ['schedule'],
    error: 'outside_hours, and no other kind, needs a schedule',
  })
  .refine((rule) => !isLevel(rule.kind) || rule.group_by === null, {
    path: ['group_by'],
    error: 'what is not told by entries has no fields to group by',
  })
  .refine((rule) => !isLevel(rule.kind) || Object.keys(rule.filter).length === 0, {
    path: ['filter'],
    error: 'what is not told by entries has no filter',
  });
export type MonitorRule = z.infer<typeof MonitorRule>;

const clearable = {
  group_by: FIELDS.group_by.nullable(),
  field: FIELDS.field.nullable(),
  schedule: FIELDS.schedule.nullable(),
};

/** Body of `PATCH /v1/monitors/{id}`; null takes a member away. */
export const MonitorPatch = z
  .strictObject({ ...FIELDS, ...clearable })
  .partial()
  .extend(appId);

/** What ships ready: `POST /v1/monitors {template}`, with whatever shall be otherwise. */
export const MONITOR_TEMPLATES = {
  downscoped_mints: {
    name: 'More than 5 down-scoped mints by one agent in 15 minutes',
    filter: { event_type: 'token.minted', scope_downscoped: 'true' },
    group_by: 'agent_id',
    threshold: 5,
    window_seconds: 900,
    severity: 'P3',
  },
  mints_outside_hours: {
    name: 'Tokens minted outside business hours',
    filter: { event_type: 'token.minted' },
    kind: 'outside_hours',
    group_by: 'agent_id',
    threshold: 0,
    window_seconds: 3600,
    severity: 'P4',
    schedule: {
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: '08:00',
      to: '18:00',
      time_zone: 'UTC',
    },
  },
  denials_burst: {
    name: 'More than 10 denials of one agent in 5 minutes',
    filter: { policy_decision: 'DENY' },
    group_by: 'agent_id',
    threshold: 10,
    window_seconds: 300,
    severity: 'P2',
  },
  witness_conflict: {
    name: 'A witness holds another history of the ledger',
    filter: { event_type: 'witness.conflict' },
    threshold: 0,
    window_seconds: 86_400,
    severity: 'P1',
  },
  open_intents: {
    name: 'Executions without an outcome for 15 minutes',
    filter: {},
    kind: 'open_intents',
    threshold: 0,
    window_seconds: 900,
    severity: 'P3',
  },
  destination_lag: {
    name: 'A destination is more than 15 minutes behind',
    filter: {},
    kind: 'destination_lag',
    threshold: 0,
    window_seconds: 900,
    severity: 'P2',
  },
  new_provider: {
    name: 'An agent uses a provider for the first time in 30 days',
    filter: { event_type: 'credential.retrieved' },
    kind: 'new_value',
    group_by: 'agent_id',
    field: 'provider',
    threshold: 0,
    window_seconds: 2_592_000,
    severity: 'P4',
  },
  quiet_agent: {
    name: 'An agent has gone quiet for a day',
    filter: {},
    kind: 'absence',
    group_by: 'agent_id',
    threshold: 0,
    window_seconds: 86_400,
    severity: 'P4',
  },
} as const satisfies Record<string, Omit<z.input<typeof MonitorPatch>, 'app_id'>>;

export type MonitorTemplate = keyof typeof MONITOR_TEMPLATES;
const TEMPLATE_NAMES = Object.keys(MONITOR_TEMPLATES) as [MonitorTemplate, ...MonitorTemplate[]];

/** Body of `POST /v1/monitors`. */
export const MonitorBody = z
  .strictObject(FIELDS)
  .partial()
  .extend({ template: z.enum(TEMPLATE_NAMES).optional(), ...appId });

/** Body of `POST /v1/monitors/{id}/preview`. */
export const MonitorPreviewBody = z.strictObject({
  days: z.int().min(1).max(MONITOR_LIMITS.previewDays).default(7),
  ...appId,
});

/** Body of `POST /v1/monitors/preview`: a monitor that is not there yet. */
export const MonitorDraftBody = MonitorBody.extend({
  days: MonitorPreviewBody.shape.days,
});
