import { AffidavitError } from '@affidavit/schema';
import type { AppRef, BegunAction, BegunActions } from '@affidavit/vault';
import type { Kysely } from 'kysely';

import type { StoredDirectory } from '../access/directory.ts';
import type { Duties } from '../duties/duties.ts';
import { abandonEffects, unknownOutcome } from '../ingest/call-trail.ts';
import { readIntent } from '../ingest/open-intents.ts';
import type { Snapshot } from '../prove/operations.ts';
import type { Services } from '../services.ts';
import type { Effect } from '../store/port.ts';
import type { BegunActionsTable, Tables } from '../store/tables.ts';

/** What clients carry out themselves, as rows: see `BegunActions`. */
export class StoredBegunActions implements BegunActions {
  readonly #directory: StoredDirectory;

  constructor(directory: StoredDirectory) {
    this.#directory = directory;
  }

  async find({ app }: AppRef, execution_id: string) {
    const where = { app, execution_id };
    const [begun] = await this.#directory.rows('begun_actions', where);
    const [open] = await this.#directory.rows('open_intents', where);
    return begun && open ? { begun, intent: await readIntent(this.#directory, open) } : null;
  }

  begin({ app }: AppRef, begun: BegunAction): readonly Effect[] {
    return [{ op: 'insert', table: 'begun_actions', row: { app, ...begun } }];
  }

  end({ app }: AppRef, execution_id: string): readonly Effect[] {
    return [{ op: 'delete', table: 'begun_actions', where: { app, execution_id } }];
  }
}

const PAUSE_MS = 1000;
const AT_ONCE = 100;

export interface OverdueActions {
  /** Epoch ms. */
  readonly now: number;
  readonly limit: number;
}

export function actionOperations(snapshot: Snapshot) {
  return {
    overdueActions: (request: OverdueActions) => snapshot((at) => overdue(at, request)),
  };
}

function overdue(db: Kysely<Tables>, { now, limit }: OverdueActions): Promise<BegunActionsTable[]> {
  return db
    .selectFrom('begun_actions')
    .selectAll()
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
}

type Tending = Pick<Services, 'readers' | 'directory' | 'trail' | 'now'>;

/** Closes as unknown what clients began and have not said the end of in time. */
export async function closeOverdue({ readers, directory, trail, now }: Tending): Promise<void> {
  const request: OverdueActions = { now: now(), limit: AT_ONCE };
  const begun = new StoredBegunActions(directory);
  for (const row of await readers.run<BegunActionsTable[]>('overdueActions', request)) {
    const app = await directory.appByNumber(row.app);
    const found = app && (await begun.find(app, row.execution_id));
    if (!found) continue;
    const event = { ...unknownOutcome(found.intent), error_code: 'client_silent' };
    const effects = [
      ...abandonEffects(app, event, request.now),
      ...begun.end(app, row.execution_id),
    ];
    try {
      await trail.record({ app: app.app, app_id: app.app_id, events: [event], effects });
    } catch (error) {
      // Its client spoke after all, or another process closed it.
      if (!(error instanceof AffidavitError) || error.code !== 'conflict') throw error;
    }
  }
}

export function keepOverdue(duties: Duties, services: Tending): void {
  duties.every('begun actions', { pauseMs: PAUSE_MS }, () => closeOverdue(services));
}
