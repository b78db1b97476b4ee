import { SYSTEM, type AppRef } from '@affidavit/vault';

import { isConflict } from '../grants/conflict.ts';
import { Connect } from '../grants/connect-finish.ts';
import { grantEvent } from '../grants/entry.ts';
import type { Due } from '../grants/reads.ts';
import { nextTry, revokeAtProvider } from '../grants/revoke-at-provider.ts';
import type { Services } from '../services.ts';
import type { ConnectsTable, GrantsTable, OAuthTokensTable } from '../store/tables.ts';
import type { Duties } from './duties.ts';

/** What time does to grants: they expire, revocations are told to OAuth servers, connects end. */

const PAUSE_MS = 5000;
const ROWS_PER_STEP = 100;
/** A connect that is being finished is left alone for so long. */
const FINISHING_MS = 60_000;
/** How a connect ended can be asked for so long. */
const CONNECTS_KEPT_MS = 86_400_000;

export type GrantServices = Pick<
  Services,
  'readers' | 'directory' | 'trail' | 'keyring' | 'now' | 'oauth' | 'journal'
>;

export function keepGrants(duties: Duties, services: GrantServices): void {
  duties.every('grants', { pauseMs: PAUSE_MS }, async (signal) => {
    for (const { app, app_id } of await services.directory.apps()) {
      for (const step of [expireGrants, revokeDue, endConnects, forgetConnects]) {
        if (signal.aborted) return;
        await step(services, { app, app_id });
      }
    }
  });
}

const dueOf = ({ now }: GrantServices, { app }: AppRef, before = 0): Due => ({
  app,
  now: now() - before,
  limit: ROWS_PER_STEP,
});

async function expireGrants(services: GrantServices, app: AppRef): Promise<void> {
  const { readers, trail, now } = services;
  for (const grant of await readers.run<GrantsTable[]>('expiredGrants', dueOf(services, app))) {
    const { grant_id, expires_at } = grant;
    const event = { ...SYSTEM, outcome: 'success' as const, ...grantEvent('grant.expired', grant) };
    const where = { app: app.app, grant_id, expires_at, expired_at: null, revoked_at: null };
    const set = { expired_at: now() };
    const effects = [{ op: 'update', table: 'grants', where, set } as const];
    await trail.record({ ...app, events: [event], effects }).catch(unlessConflict);
  }
}

async function revokeDue(services: GrantServices, app: AppRef): Promise<void> {
  const { readers, directory } = services;
  const due = await readers.run<OAuthTokensTable[]>('dueRevocations', dueOf(services, app));
  for (const row of due) {
    const grant = await directory.grantRow(app.app, row.grant_id);
    const attempt = grant && (await nextTry(services, row));
    if (grant && attempt) await revokeAtProvider(services, app, grant, attempt);
  }
}

/** Whoever did not come back in time, or whose coming back was cut off by a crash. */
async function endConnects(services: GrantServices, app: AppRef): Promise<void> {
  const overdue = await services.readers.run<ConnectsTable[]>(
    'overdueConnects',
    dueOf(services, app),
  );
  for (const row of overdue) {
    const connect = new Connect(services, app, row, null);
    const isPending = row.status === 'pending';
    if (isPending ? !(await connect.claim()) : isBeingFinished(services, row)) continue;
    await connect.giveUp(isPending ? 'expired' : 'interrupted').catch(unlessConflict);
  }
}

const isBeingFinished = ({ now }: GrantServices, { expires_at }: ConnectsTable) =>
  now() < expires_at + FINISHING_MS;

async function forgetConnects(services: GrantServices, app: AppRef): Promise<void> {
  const due = dueOf(services, app, CONNECTS_KEPT_MS);
  const ended = await services.readers.run<ConnectsTable[]>('endedConnects', due);
  const effects = ended.map(({ connect_id }) => {
    const where = { app: app.app, connect_id };
    return { op: 'delete', table: 'connects', where, any: true } as const;
  });
  if (effects.length > 0) await services.trail.apply(app.app, effects);
}

/** Somebody else was first. */
function unlessConflict(error: unknown): undefined {
  if (isConflict(error)) return undefined;
  throw error;
}
