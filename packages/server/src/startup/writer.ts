import type { Logger } from 'pino';

import type { Rollback } from '../sequence/rollback-guard.ts';
import type { WriterSettings } from '../sequence/writer-thread.ts';
import { StoreFailure } from '../store/port.ts';
import { LastingThread } from '../threads/lasting.ts';

/** The writer, and the rollbacks that were accepted at its first start. */
export interface Writer {
  readonly thread: LastingThread;
  readonly rollbacks: readonly Rollback[];
}

/**
 * Starts the writer, and anew whenever it ends; refuses a database that is behind what was signed,
 * unless that is accepted.
 */
export async function openWriter(
  settings: WriterSettings,
  acceptRollback: boolean,
  journal: Logger,
): Promise<Writer> {
  let rollbacks: readonly Rollback[] = [];
  const thread = new LastingThread({
    module: new URL('../sequence/writer-thread.ts', import.meta.url),
    workerData: settings,
    onEnd: (reason) => {
      journal.error({ err: reason }, 'the writer thread ended; a new one is started');
    },
    prepare: async (made) => {
      rollbacks = await made.call<Rollback[]>('open', null);
      if (rollbacks.length === 0) return;
      if (!acceptRollback) throw new RollbackFound(rollbacks, settings.guard_path);
      const appIds = rollbacks.map(({ app_id }) => app_id);
      await made.call('acceptRollback', appIds);
    },
  });
  await thread.ready();
  return { thread, rollbacks };
}

/** To callers a database like any that is damaged; to who starts the server, all there is to say. */
export class RollbackFound extends StoreFailure {
  readonly explanation: string;

  constructor(rollbacks: readonly Rollback[], guardPath: string) {
    super('damaged', 'the database is behind what this server has signed');
    this.explanation = rollbackMessage(rollbacks, guardPath);
  }
}

function rollbackMessage(rollbacks: readonly Rollback[], guardPath: string): string {
  const lines = rollbacks.map(({ app_id, signed_size, found_size, reason }) =>
    reason === 'behind'
      ? `  ${app_id}: signed up to ${signed_size} entries, the database has ${found_size}`
      : `  ${app_id}: the database has another history than the ${signed_size} entries signed`,
  );
  return [
    'The database is not the one that was signed last (a restored backup?).',
    ...lines,
    `  last checkpoints: ${guardPath}`,
    'Bring the right database back, or start with --accept-rollback "why"; that goes on the record.',
  ].join('\n');
}
