import type { Kysely } from 'kysely';

import type { Snapshot } from '../prove/operations.ts';
import type { ConnectsTable, GrantsTable, OAuthTokensTable, Tables } from '../store/tables.ts';

/** What of an app is due at a time, epoch ms. */
export interface Due {
  readonly app: number;
  readonly now: number;
  readonly limit: number;
}

/** Grants whose time is over and whose end is not on the record yet. */
function readExpired(db: Kysely<Tables>, { app, now, limit }: Due): Promise<GrantsTable[]> {
  return db
    .selectFrom('grants')
    .selectAll()
    .where('app', '=', app)
    .where('expires_at', '<=', now)
    .where('expired_at', 'is', null)
    .where('revoked_at', 'is', null)
    .orderBy('grant_id')
    .limit(limit)
    .execute();
}

/** Tokens of revoked grants of which the server is to be told now. */
function readRevocations(
  db: Kysely<Tables>,
  { app, now, limit }: Due,
): Promise<OAuthTokensTable[]> {
  return db
    .selectFrom('oauth_tokens')
    .selectAll()
    .where('app', '=', app)
    .where('revoke_due_at', '<=', now)
    .orderBy('revoke_due_at')
    .limit(limit)
    .execute();
}

/** Connects whose time is over and that have not ended. */
function readOverdue(db: Kysely<Tables>, { app, now, limit }: Due): Promise<ConnectsTable[]> {
  return db
    .selectFrom('connects')
    .selectAll()
    .where('app', '=', app)
    .where('ended_at', 'is', null)
    .where('expires_at', '<=', now)
    .orderBy('connect_id')
    .limit(limit)
    .execute();
}

/** Connects that ended before a time. */
function readEnded(db: Kysely<Tables>, { app, now, limit }: Due): Promise<ConnectsTable[]> {
  return db
    .selectFrom('connects')
    .selectAll()
    .where('app', '=', app)
    .where('ended_at', '<=', now)
    .orderBy('connect_id')
    .limit(limit)
    .execute();
}

/** What reader threads answer about grants and connects. */
export function grantOperations(snapshot: Snapshot) {
  return {
    expiredGrants: (due: Due) => snapshot((at) => readExpired(at, due)),
    dueRevocations: (due: Due) => snapshot((at) => readRevocations(at, due)),
    overdueConnects: (due: Due) => snapshot((at) => readOverdue(at, due)),
    endedConnects: (due: Due) => snapshot((at) => readEnded(at, due)),
  };
}
