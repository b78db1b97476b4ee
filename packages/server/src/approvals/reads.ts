import type { Asker } from '@affidavit/vault';
import type { Kysely } from 'kysely';

import type { Order } from '../query/cursor.ts';
import type { Snapshot } from '../prove/operations.ts';
import type { ApprovalsTable, Tables } from '../store/tables.ts';

/** What is looked up of approvals that goes beyond one row. */

export interface ApprovalList {
  readonly app: number;
  readonly status?: string;
  /** Only what this key, or another of the same agent, asked for. */
  readonly asker?: Asker;
  readonly order: Order;
  /** Only behind this id, in that order. */
  readonly after?: string;
  readonly limit: number;
}

export interface DueApprovals {
  /** Epoch ms. */
  readonly now: number;
  /** Approved before then and not begun: whoever was to begin is not going to. */
  readonly approvedBefore: number;
  readonly limit: number;
}

export function approvalOperations(snapshot: Snapshot) {
  return {
    approvals: (request: ApprovalList) => snapshot((at) => listApprovals(at, request)),
    waitingApprovals: (request: { app: number; limit: number }) =>
      snapshot((at) => countWaiting(at, request)),
    dueApprovals: (request: DueApprovals) => snapshot((at) => dueApprovals(at, request)),
  };
}

/** In the order of their ids, which is that of time. */
function listApprovals(
  db: Kysely<Tables>,
  { app, status, asker, order, after, limit }: ApprovalList,
): Promise<ApprovalsTable[]> {
  let query = db.selectFrom('approvals').selectAll().where('app', '=', app);
  if (after !== undefined) {
    query = query.where('approval_id', order === 'asc' ? '>' : '<', after);
  }
  if (status !== undefined) query = query.where('status', '=', status);
  if (status === 'pending') query = query.where('ended_at', 'is', null);
  if (asker !== undefined) {
    const { key_id, agent_id } = asker;
    query = query.where((eb) =>
      eb.or([eb('key_id', '=', key_id), ...(agent_id ? [eb('agent_id', '=', agent_id)] : [])]),
    );
  }
  return query.orderBy('approval_id', order).limit(limit).execute();
}

/** How many have not ended, up to a limit. */
async function countWaiting(
  db: Kysely<Tables>,
  { app, limit }: { app: number; limit: number },
): Promise<number> {
  const rows = await db
    .selectFrom('approvals')
    .select('approval_id')
    .where('app', '=', app)
    .where('ended_at', 'is', null)
    .limit(limit)
    .execute();
  return rows.length;
}

/** What has expired, and what is approved and was left. */
function dueApprovals(
  db: Kysely<Tables>,
  { now, approvedBefore, limit }: DueApprovals,
): Promise<ApprovalsTable[]> {
  return db
    .selectFrom('approvals')
    .selectAll()
    .where('ended_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'pending'), eb('expires_at', '<=', now)]),
        eb.and([eb('status', '=', 'approved'), eb('decided_at', '<=', approvedBefore)]),
      ]),
    )
    .orderBy('approval_id')
    .limit(limit)
    .execute();
}
