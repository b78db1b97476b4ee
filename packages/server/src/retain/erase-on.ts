import type { Duties } from '../duties/duties.ts';
import type { Services } from '../services.ts';
import type { Erasures } from './erase.ts';
import type { OpenErasure } from './erasure-list.ts';

const LOOK_MS = 3000;
/** Who has not gone on with an erasure for so long is not going to. */
const LEFT_MS = 20_000;
/** How long one is gone on with before the next. */
const TURN_MS = 60_000;

export type Continuing = Pick<Services, 'readers' | 'directory' | 'journal' | 'now' | 'config'>;

/** Goes on with erasures that outlived their request, or their process: untouched since `before`. */
export async function continueErasures(
  { readers, directory, journal }: Continuing,
  erasures: Erasures,
  before: number,
  signal?: AbortSignal,
): Promise<void> {
  const left = await readers.run<OpenErasure[]>('openErasures', { before });
  for (const { app: number, erasure_id } of left) {
    const app = await directory.appByNumber(number);
    if (!app || signal?.aborted) continue;
    await erasures
      .run(app, erasure_id, performance.now() + TURN_MS)
      .catch((error: unknown) => journal.warn({ err: error, erasure_id }, 'an erasure halts'));
  }
}

export function keepErasing(duties: Duties, services: Continuing, erasures: Erasures): void {
  const { config, now } = services;
  // Without others, whatever was touched before this start was left by the end of another.
  const begun = config.database_url === undefined ? now() : 0;
  duties.every('erasures', { pauseMs: LOOK_MS, delayMs: LOOK_MS }, (signal) =>
    continueErasures(services, erasures, Math.max(begun, now() - LEFT_MS), signal),
  );
}
