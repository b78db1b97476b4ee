import type { AuditEvent } from '@affidavit/schema';

import type { Base } from './base.ts';
import { closingEffect, unknownOutcome } from '../ingest/call-trail.ts';

const BATCH = 500;

/**
 * Closes the intents that a process left open when it ended: an `unknown` outcome for each. On
 * the embedded store no other process can be alive, so every open one is such.
 */
export async function closeOpenIntents({
  directory,
  trail,
  processId,
}: Base & { readonly processId: string }): Promise<number> {
  let closed = 0;
  for (const app of await directory.apps()) {
    for (;;) {
      const rows = await directory.rows('open_intents', { app: app.app });
      const left = rows.filter((row) => row.process_id !== processId).slice(0, BATCH);
      if (left.length === 0) break;
      const events = left.map((row) => unknownOutcome(JSON.parse(row.intent) as AuditEvent));
      const effects = events.map((event) => closingEffect(app, event));
      await trail.record({ app: app.app, app_id: app.app_id, events, effects });
      closed += left.length;
    }
  }
  return closed;
}
