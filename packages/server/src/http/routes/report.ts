import { createHmac } from 'node:crypto';

import { AffidavitError, LIMITS, type AuditEvent } from '@affidavit/schema';
import { z } from 'zod';

import { actorFields, bearerId, type Identity } from '../../access/identity.ts';
import type { Identity as EventIdentity } from '../../ingest/prepare.ts';
import { validateEvent } from '../../ingest/validate.ts';
import type { Receipt } from '../../sequence/submission.ts';
import { proveWritten, wantsReceipt } from '../receipts.ts';
import { route, type Context, type Route } from '../route.ts';

/** Reporting: what clients say happened. */

const FINGERPRINT_BYTES = 16;

interface Reported {
  readonly events: readonly unknown[];
  readonly batch: boolean;
}

/** One event, or `{"events":[…]}`. `app_id` beside it is for keys of the installation. */
function readEvents(body: unknown): Reported {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AffidavitError('invalid_event', 'the body is not an event', {
      field: 'body',
      expected: 'an event, or {"events":[…]}',
    });
  }
  if (!('events' in body)) return { events: [body], batch: false };
  const { events, app_id: _, ...others } = body as { events: unknown; app_id?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new AffidavitError('invalid_event', `${unknown} does not belong beside events`, {
      field: unknown,
      expected: 'only events',
    });
  }
  if (!Array.isArray(events) || events.length === 0 || events.length > LIMITS.eventsPerBatch) {
    throw new AffidavitError('invalid_event', 'events is not a list of the right length', {
      field: 'events',
      expected: `1 to ${LIMITS.eventsPerBatch} events`,
    });
  }
  return { events, batch: true };
}

/** A key of the installation may name an app in a single event; for others it is reserved. */
function withoutApp(event: unknown, { identity, app }: Context): unknown {
  const named = (event as { app_id?: unknown } | null)?.app_id;
  if (named === undefined || !identity.installation || named !== app.app_id) return event;
  const { app_id: _, ...rest } = event as { app_id: unknown };
  return rest;
}

/** What the server knows of the reporter overrides nothing silently: a clash is refused. */
function identify(event: AuditEvent, identity: Identity, path: string): AuditEvent {
  const known = actorFields(identity);
  if (!identity.agent) {
    const { actor_type, actor_id, caller_key_prefix } = known;
    const claimed = event.actor_id !== undefined || event.actor_type !== undefined;
    return {
      ...(claimed ? {} : { actor_type, actor_id }),
      ...event,
      caller_key_prefix,
    } as AuditEvent;
  }
  for (const field of ['actor_type', 'actor_id', 'actor_name', 'agent_id', 'agent_name'] as const) {
    if (event[field] === undefined || event[field] === known[field]) continue;
    throw new AffidavitError('reserved_field', `${field} comes from the key of the agent`, {
      field: path + field,
      expected: 'the field left out',
    });
  }
  return { ...event, ...known } as AuditEvent;
}

function eventIdentities(
  context: Context,
  events: readonly AuditEvent[],
): (EventIdentity | null)[] {
  const { services, app, identity, idempotencyKey, bytes } = context;
  const digest = (...texts: (string | Buffer)[]) => {
    const hmac = createHmac('sha256', services.fingerprintKey);
    for (const text of texts) hmac.update(text).update('\0');
    return hmac.digest();
  };
  return events.map((event, index) => {
    const own = event.event_id;
    if (own !== undefined) {
      const fingerprint = digest(app.app_id, JSON.stringify(event)).subarray(0, FINGERPRINT_BYTES);
      return { event_id: own, retriable: true, fingerprint };
    }
    if (idempotencyKey === null) return null;
    const id = digest('event id', bearerId(identity), idempotencyKey, String(index)).toString(
      'hex',
    );
    const fingerprint = digest('batch', app.app_id, bytes).subarray(0, FINGERPRINT_BYTES);
    return { event_id: `evt_${id.slice(0, 32)}`, retriable: true, fingerprint };
  });
}

function refuseRepeatedIds(events: readonly AuditEvent[]): void {
  const seen = new Set<string>();
  for (const [index, { event_id }] of events.entries()) {
    if (event_id === undefined) continue;
    if (seen.has(event_id)) {
      throw new AffidavitError('invalid_event', `event_id ${event_id} stands twice in the batch`, {
        field: `events[${index}].event_id`,
        expected: 'each event_id once',
      });
    }
    seen.add(event_id);
  }
}

async function report(context: Context) {
  const { services, app, identity, body, query } = context;
  const withProofs = wantsReceipt(query);
  const { events: given, batch } = readEvents(body);
  const events = given.map((event, index) => {
    const path = batch ? `events[${index}].` : '';
    return identify(validateEvent(withoutApp(event, context), path), identity, path);
  });
  refuseRepeatedIds(events);
  try {
    const identities = eventIdentities(context, events);
    const receipt = await services.trail.report({ ...app, events }, identities);
    const written = receipt.events.map(({ event_id, seq, created_at, leaf_hash }) => ({
      event_id,
      seq,
      created_at: new Date(created_at).toISOString(),
      leaf_hash: Buffer.from(leaf_hash).toString('hex'),
    }));
    const answer = { events: written, checkpoint: receipt.checkpoint };
    return withProofs ? await addProofs(context, answer, receipt) : answer;
  } catch (error) {
    throw batchError(error, context, events);
  }
}

interface Acknowledgement {
  readonly events: readonly { readonly seq: number }[];
  readonly checkpoint: string;
}

/** Each event with its proof under the very checkpoint of the acknowledgement. */
async function addProofs(context: Context, answer: Acknowledgement, signed: Receipt) {
  const seqs = answer.events.map(({ seq }) => seq);
  const { size, checkpoint } = signed;
  const made = await proveWritten(context, seqs, { size, checkpoint });
  if ('receipt_error' in made) return { ...answer, ...made };
  const events = answer.events.map((event, index) => ({ ...event, proof: made.proofs[index] }));
  return { ...answer, events };
}

/** A clash of ids that were derived from an Idempotency-Key is a clash of that key. */
function batchError(error: unknown, context: Context, events: readonly AuditEvent[]): unknown {
  const derived =
    context.idempotencyKey !== null && events.some((one) => one.event_id === undefined);
  if (!derived || !(error instanceof AffidavitError) || error.code !== 'conflict') return error;
  return new AffidavitError('idempotency_mismatch', 'the key was used for other events', {
    field: 'Idempotency-Key',
  });
}

export const reportRoutes: readonly Route[] = [
  route({
    access: 'events:write',
    tag: 'trail',
    method: 'POST',
    path: '/v1/events',
    summary: 'Report one event, or up to 1000 together',
    status: 201,
    query: ['receipt'],
    ownIdempotency: true,
    errors: [
      'invalid_event',
      'invalid_context',
      'reserved_field',
      'conflict',
      'idempotency_mismatch',
      'payload_too_large',
      'overloaded',
      'audit_unavailable',
    ],
    body: z.unknown(),
    handler: report,
  }),
];
