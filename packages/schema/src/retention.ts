import { z } from 'zod';

import { LIMITS } from './limits.ts';
import { FIELDS, PART_FIELDS } from './record.ts';

/** Bodies of the calls that say what is kept, what is on hold, and what must go. */

const appId = { app_id: z.string().min(1).max(LIMITS.idCharacters).optional() };
const reason = () => z.string().trim().min(1).max(LIMITS.reasonCharacters);
const eventIds = () => z.array(FIELDS.event_id.schema).min(1).max(LIMITS.eventsNamed);

/** How long entries are kept where nothing else was said. */
export const RETENTION_DAYS = 365;
/** A hundred years. */
const RETENTION_DAYS_MAX = 36_500;

/** The parts that a record is split into; each can be erased by itself. */
export const ERASABLE_PARTS = ['envelope', ...PART_FIELDS] as const;

/** `days: null` keeps for ever. Parts of a day are fine; 0 keeps nothing beyond the next sweep. */
export const RetentionBody = z.strictObject({
  days: z.number().min(0).max(RETENTION_DAYS_MAX).nullable(),
  ...appId,
});

export const RetentionExtendBody = z.strictObject({
  event_ids: eventIds(),
  until: z.iso.datetime({ offset: true }),
  reason: reason().optional(),
  ...appId,
});

/**
 * `accept_clock`: the operator has looked at the clock of the server, and it is right. `after`: go
 * on where a sweep that was not done said.
 */
export const SweepBody = z.strictObject({
  accept_clock: z.boolean().optional(),
  after: z.int().min(-1).default(-1),
  ...appId,
});

const filterValue = () => z.union([z.string(), z.number(), z.boolean()]);

/** As the query of `GET /v1/events`. */
const Filter = z.record(z.string(), z.union([filterValue(), z.array(filterValue()).min(1)]));

export const HoldBody = z
  .strictObject({
    event_ids: eventIds().optional(),
    filter: Filter.optional(),
    reason: reason(),
    ...appId,
  })
  .refine((body) => (body.event_ids === undefined) !== (body.filter === undefined), {
    error: 'either event_ids or filter',
    path: ['event_ids'],
  });

export const ErasureBody = z
  .strictObject({
    event_ids: eventIds().optional(),
    principal_id: FIELDS.principal_id.schema.optional(),
    parts: z
      .array(z.enum(ERASABLE_PARTS as readonly [string, ...string[]]))
      .min(1)
      .max(ERASABLE_PARTS.length)
      .optional(),
    reason: reason(),
    ...appId,
  })
  .refine((body) => (body.event_ids === undefined) !== (body.principal_id === undefined), {
    error: 'either event_ids or principal_id',
    path: ['event_ids'],
  });
