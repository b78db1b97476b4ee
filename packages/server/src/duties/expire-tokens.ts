import { AffidavitError } from '@affidavit/schema';

import type { AppRow } from '../access/directory.ts';
import type { Services } from '../services.ts';
import type { TokensTable } from '../store/tables.ts';
import { endToken } from '../tokens/end.ts';
import type { Duties } from './duties.ts';

const PAUSE_MS = 5000;
const TOKENS_PER_STEP = 200;

type Expiring = Pick<Services, 'readers' | 'directory' | 'trail' | 'now'>;

/** Records the end of every token whose time is over, in batches. */
export async function expireTokens(services: Expiring, signal: AbortSignal): Promise<void> {
  for (const app of await services.directory.apps()) {
    while (!signal.aborted && (await expireSome(services, app)));
  }
}

/** Resolves to whether there may be more. */
async function expireSome({ readers, trail, now }: Expiring, app: AppRow): Promise<boolean> {
  const request = { app: app.app, now: now(), limit: TOKENS_PER_STEP };
  const due = await readers.run<TokensTable[]>('dueTokens', request);
  if (due.length === 0) return false;
  const ends = due.map((token) => endToken(token, 'expired', request.now));
  const system = { actor_type: 'system', actor_id: 'affidavit', outcome: 'success' } as const;
  try {
    await trail.record({
      app: app.app,
      app_id: app.app_id,
      events: ends.map(({ event }) => ({ ...system, ...event })),
      effects: ends.map(({ effect }) => effect),
    });
  } catch (error) {
    // One of them was revoked meanwhile: the next look leaves it out.
    if (error instanceof AffidavitError && error.code === 'conflict') return false;
    throw error;
  }
  return due.length === TOKENS_PER_STEP;
}

export function keepExpiring(duties: Duties, services: Expiring): void {
  duties.every('token expiry', { pauseMs: PAUSE_MS }, (signal) => expireTokens(services, signal));
}
