import type { Duties } from '../duties/duties.ts';
import type { Services } from '../services.ts';
import type { ApprovalsTable } from '../store/tables.ts';
import type { DueApprovals } from './reads.ts';

const PAUSE_MS = 1000;
/** Whoever approved begins at once; who has not after so long is not going to. */
const LEFT_MS = 3000;
const AT_ONCE = 100;

type Tending = Pick<Services, 'approvals' | 'readers' | 'directory' | 'journal' | 'now'>;

/** Ends what nobody decided in time, and begins what was approved and left. */
export async function tendApprovals(services: Tending): Promise<void> {
  const { approvals, readers, directory, journal, now } = services;
  const at = now();
  const request: DueApprovals = { now: at, approvedBefore: at - LEFT_MS, limit: AT_ONCE };
  for (const row of await readers.run<ApprovalsTable[]>('dueApprovals', request)) {
    const app = await directory.appByNumber(row.app);
    if (!app) continue;
    const ref = { app: app.app, app_id: app.app_id };
    if (row.status === 'approved') approvals.begin(ref, row);
    else await approvals.expire(ref, row).catch((err: unknown) => journal.debug({ err }));
  }
}

export function keepApprovals(duties: Duties, services: Tending): void {
  duties.every('approvals', { pauseMs: PAUSE_MS }, () => tendApprovals(services));
}
