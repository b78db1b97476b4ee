import {
  acceptsEvent,
  AffidavitError,
  categoryOf,
  checkContext,
  EventSchema,
  FIELDS,
  fixedCategory,
  LIMITS,
  RESERVED_FIELDS,
  type AuditEvent,
  type FieldName,
} from '@affidavit/schema';
import type { z } from 'zod';

/** Checks events as clients send them. `path` is where the event stands in the body. */

function refuse(path: string, field: string, message: string, expected: string): AffidavitError {
  const place = (path + field).replace(/\.$/, '') || 'body';
  return new AffidavitError('invalid_event', message, { field: place, expected });
}

function checkReserved(event: Record<string, unknown>, path: string): void {
  for (const field of Object.keys(event)) {
    if (!RESERVED_FIELDS.has(field as FieldName)) continue;
    throw new AffidavitError('reserved_field', `${field} is set by the server`, {
      field: path + field,
      expected: 'the field left out',
    });
  }
}

function checkEventContext(event: Record<string, unknown>, path: string): void {
  if (event.context === undefined) return;
  const fault = checkContext(event.context);
  if (!fault) return;
  throw new AffidavitError('invalid_context', fault.message, {
    field: path + fault.field,
    expected: fault.expected,
  });
}

/** The schema passes over this name, so that anything could stand behind it. */
function checkHeaderNames(event: AuditEvent, path: string): void {
  for (const field of ['request_headers', 'response_headers'] as const) {
    if (event[field] === undefined || !Object.hasOwn(event[field], '__proto__')) continue;
    throw refuse(path, `${field}.__proto__`, '__proto__ is not a header', 'names of headers');
  }
}

function toError(issue: z.core.$ZodIssue, event: object, path: string): AffidavitError {
  if (issue.code === 'unrecognized_keys') {
    const field = issue.keys[0] as string;
    return refuse(path, field, `${field} is not a field of the record`, 'a field of the record');
  }
  const field = issue.path.join('.');
  const about = FIELDS[issue.path[0] as FieldName]?.about;
  if (issue.path.length === 1 && !Object.hasOwn(event, field)) {
    return refuse(path, field, `${field} is missing`, about ?? field);
  }
  const message = `${field || 'the event'} is not valid: ${issue.message}`;
  return refuse(path, field, message, about ? `${about}: ${issue.message}` : issue.message);
}

/** Throws what is wrong with an event, most telling first. */
function checkWithReason(event: Record<string, unknown>, path: string): void {
  checkReserved(event, path);
  checkEventContext(event, path);
  const parsed = EventSchema.safeParse(event);
  if (!parsed.success) throw toError(parsed.error.issues[0] as z.core.$ZodIssue, event, path);
}

/** `args` and `result` are kept whole or not at all. */
function checkSizes(event: AuditEvent, path: string): void {
  for (const field of ['args', 'result', 'policy_context'] as const) {
    if (event[field] === undefined) continue;
    const bytes = Buffer.byteLength(JSON.stringify(event[field]));
    if (bytes > LIMITS.argsBytes) {
      const expected = `at most ${LIMITS.argsBytes} bytes as JSON`;
      throw refuse(path, field, `${field} is ${bytes} bytes as JSON`, expected);
    }
  }
}

function checkCategory(event: AuditEvent, path: string): void {
  const fixed = fixedCategory(event.event_type);
  if (event.category !== undefined && fixed !== undefined && event.category !== fixed) {
    throw refuse(path, 'category', `category of ${event.event_type} is ${fixed}`, fixed);
  }
}

/** The event, checked against the schema, with its category and action type filled in. */
export function validateEvent(value: unknown, path = ''): AuditEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(path, '', 'an event is not an object', 'an object with event_type');
  }
  if (!acceptsEvent(value as Record<string, unknown>)) {
    checkWithReason(value as Record<string, unknown>, path);
  }
  const event = value as AuditEvent;
  checkHeaderNames(event, path);
  checkCategory(event, path);
  checkSizes(event, path);
  return complete(event);
}

const FAILURES: ReadonlySet<string> = new Set(['provider_error', 'network_error', 'error']);

/** Fills in what follows from other fields. */
export function complete(event: AuditEvent): AuditEvent {
  const category = event.category ?? categoryOf(event.event_type);
  return { ...event, category, action_type: event.action_type ?? actionTypeOf(event) };
}

function actionTypeOf({ outcome, method, event_type }: AuditEvent): 'read' | 'write' | 'error' {
  if (outcome !== undefined && FAILURES.has(outcome)) return 'error';
  if (method !== undefined) return /^(GET|HEAD|OPTIONS)$/i.test(method) ? 'read' : 'write';
  return /\.(read|viewed|retrieved|listed|searched|exported)$/.test(event_type) ? 'read' : 'write';
}
