import { createHash } from 'node:crypto';

import type { AuditEvent } from '@affidavit/schema';
import { LRUCache } from 'lru-cache';

import { bearerId } from '../access/identity.ts';
import { requestFields } from './administer.ts';
import type { Context } from './route.ts';

/**
 * Reads of the trail are on the trail (MISSION M10). A question is recorded when it is first asked
 * with a key or in a session, on whatever page, and again only after a while: who pages or polls does
 * not fill the ledger. What a filter finds and how it is counted, by values or over time, are the same
 * question: a page that shows all three leaves one entry.
 */
const QUIET_MS = 10 * 60 * 1000;
const asked = new LRUCache<string, Promise<void>>({ max: 50_000, ttl: QUIET_MS });

export async function recordRead(context: Context, what: string, question: object): Promise<void> {
  const event = { event_type: 'trail.read', args: { what, filter: shown(question) } };
  await recordOnce(context, [what, question], {
    ...event,
    action_type: 'read',
    outcome: 'success',
  });
}

/** One entry for the same thing by the same bearer in a while; `about` says what is the same. */
export async function recordOnce(
  context: Context,
  about: readonly unknown[],
  event: AuditEvent,
): Promise<void> {
  const { identity, app, services } = context;
  const asking = JSON.stringify([bearerId(identity), app.app, event.event_type, about]);
  const key = createHash('sha256').update(asking).digest('base64url');
  let recording = asked.get(key);
  if (!recording) {
    // Whoever asks the same meanwhile waits for the same entry.
    const events = [{ ...requestFields(context), ...event }];
    recording = services.trail
      .record({ app: app.app, app_id: app.app_id, events })
      .then(() => undefined);
    asked.set(key, recording);
    recording.catch(() => asked.delete(key));
  }
  await recording;
}

/** An entry for every time, for what leaves the house. */
export async function recordAccess(context: Context, event: AuditEvent): Promise<void> {
  const { services, app } = context;
  await services.trail.record({
    ...app,
    events: [{ ...requestFields(context), action_type: 'read', outcome: 'success', ...event }],
  });
}

/** The question as the entry says it: without empty parts. */
export function shown(question: object): Record<string, never> {
  const parts = Object.entries(question).filter(
    ([, value]) => !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(parts) as Record<string, never>;
}
