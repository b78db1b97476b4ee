import type { Kysely } from 'kysely';

import { PRIMARY_KEYS, type Tables } from './tables.ts';

const ROWS_PER_STEP = 500;
/** An approval stays so much longer after its end, so that who asked can fetch the answer. */
const APPROVALS_STAY_MS = 6 * 86_400_000;

/**
 * Forgets what was kept of answers, ended tokens, approvals, rates and sessions before a time,
 * epoch ms, a bounded number of each at once. Returns whether there may be more.
 */
export async function forgetOld(db: Kysely<Tables>, before: number): Promise<boolean> {
  const answers = await forgetAnswers(db, 'idempotency', before);
  const results = await forgetAnswers(db, 'action_keys', before);
  const tokens = await forgetTokens(db, before);
  const approvals = await forgetApprovals(db, before - APPROVALS_STAY_MS);
  const places = await forgetPlaces(db, before);
  const sessions = await forgetSessions(db, before);
  return answers || results || tokens || approvals || places || sessions;
}

/** Tokens whose end is on the record. */
async function forgetTokens(db: Kysely<Tables>, before: number): Promise<boolean> {
  const rows = await db
    .selectFrom('tokens')
    .select(['app', 'token_id'])
    .where('state', '<>', 'live')
    .where('ended_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom('tokens')
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}

/** The oldest answers that were kept for repeats (`Idempotency-Key`). */
async function forgetAnswers(
  db: Kysely<Tables>,
  kept: 'idempotency' | 'action_keys',
  before: number,
): Promise<boolean> {
  // One table of the union at a time: Kysely cannot follow a table name that is a union.
  const table = kept as 'idempotency';
  const rows = await db
    .selectFrom(table)
    .select(PRIMARY_KEYS[kept] as (typeof PRIMARY_KEYS)['idempotency'])
    .where('created_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom(table)
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}

/** Places in windows that have long come free. */
async function forgetPlaces(db: Kysely<Tables>, before: number): Promise<boolean> {
  const rows = await db
    .selectFrom('rate_slots')
    .select(['app', 'policy_id', 'counter', 'slot', 'used_at'])
    .where('free_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom('rate_slots')
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}

/** Approvals that have ended, however that was. */
async function forgetApprovals(db: Kysely<Tables>, before: number): Promise<boolean> {
  const rows = await db
    .selectFrom('approvals')
    .select(['app', 'approval_id'])
    .where('ended_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom('approvals')
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}

/** Sessions, and links to them, whose time is long over. */
async function forgetSessions(db: Kysely<Tables>, before: number): Promise<boolean> {
  const rows = await db
    .selectFrom('sessions')
    .select(['app', 'session_id'])
    .where('expires_at', '<', before)
    .limit(ROWS_PER_STEP)
    .execute();
  for (const row of rows) {
    await db
      .deleteFrom('sessions')
      .where((eb) => eb.and(row))
      .execute();
  }
  return rows.length === ROWS_PER_STEP;
}
