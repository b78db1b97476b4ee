import { newId, RETENTION_DAYS } from '@affidavit/schema';

import type { Effect } from '../store/port.ts';

/**
 * What may be removed is decided by reading and done by writing, some time later. Whatever could
 * change the decision changes the `revision` of its app in its own transaction, and a removal
 * names the revision that it goes by: it is refused where another came between. So a hold that
 * was acknowledged is never overrun, and no reading has to lock anything.
 */

export const DAY_MS = 86_400_000;

/** How long a new app keeps what can be removed. */
export function newRetention(app: number, now: number): Effect {
  const row = {
    unfreed: null,
    app,
    window_ms: RETENTION_DAYS * DAY_MS,
    revision: newId('event'),
    updated_at: now,
  };
  return { op: 'insert', table: 'retention', row };
}

/** Says that what may be removed is to be decided anew. */
export function newDecision(app: number): Effect {
  return { op: 'update', table: 'retention', where: { app }, set: { revision: newId('event') } };
}

/** Refuses a removal that was decided under another revision, and says that it leaves space. */
export function sameDecision(app: number, revision: string): Effect {
  const where = { app, revision };
  return { op: 'update', table: 'retention', where, set: { unfreed: newId('event') } };
}
