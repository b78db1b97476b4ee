import type { AuditEvent } from '@affidavit/schema';

import type { Base } from './base.ts';
import { abandonEffects, unknownOutcome } from '../ingest/call-trail.ts';
import { readIntent } from '../ingest/open-intents.ts';

const BATCH = 500;

/** Closes the intents that ended processes left open: an `unknown` outcome for each. */
export async function closeOpenIntents(
  { directory, trail }: Pick<Base, 'directory' | 'trail'>,
  hasEnded: (processId: string) => boolean,
): Promise<number> {
  let closed = 0;
  for (const app of await directory.apps()) {
    for (;;) {
      const rows = await directory.rows('open_intents', { app: app.app });
      const left = rows.filter((row) => hasEnded(row.process_id)).slice(0, BATCH);
      if (left.length === 0) break;
      const events: AuditEvent[] = [];
      for (const row of left) events.push(unknownOutcome(await readIntent(directory, row)));
      const effects = events.flatMap((event) => abandonEffects(app, event, Date.now()));
      await trail.record({ app: app.app, app_id: app.app_id, events, effects });
      closed += left.length;
    }
  }
  return closed;
}
