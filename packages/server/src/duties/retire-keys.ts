import { AffidavitError } from '@affidavit/schema';

import type { EndedKey } from '../prove/keys.ts';
import { planRetirement } from '../sequence/rotation.ts';
import type { Services } from '../services.ts';
import type { Duties } from './duties.ts';

const PAUSE_MS = 30_000;
const KEYS_PER_STEP = 100;

export type Retiring = Pick<Services, 'readers' | 'directory' | 'trail' | 'now'>;

/** Retires, on the record, every replaced key whose overlap is over. */
export async function retireKeys(services: Retiring): Promise<void> {
  const request = { now: services.now(), limit: KEYS_PER_STEP };
  for (const key of await services.readers.run<EndedKey[]>('endedKeys', request)) {
    await retire(services, key);
  }
}

async function retire({ directory, trail }: Retiring, key: EndedKey): Promise<void> {
  const app = await directory.appByNumber(key.app);
  if (!app) return;
  const { event, effects } = planRetirement(key);
  const whole = {
    ...event,
    actor_type: 'system' as const,
    actor_id: 'affidavit',
    outcome: 'success' as const,
  };
  try {
    await trail.record({ app: app.app, app_id: app.app_id, events: [whole], effects });
  } catch (error) {
    // Another process has done it.
    if (error instanceof AffidavitError && error.code === 'conflict') return;
    throw error;
  }
}

/** Looks for keys to retire now and then. */
export function keepRetiring(duties: Duties, services: Retiring): void {
  duties.every('key retirement', { pauseMs: PAUSE_MS }, () => retireKeys(services));
}
