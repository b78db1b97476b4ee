import type { Duties } from '../duties/duties.ts';
import type { Services } from '../services.ts';
import type { Erasures } from './erase.ts';
import type { OpenErasure } from './erasure-list.ts';

const LOOK_MS = 5000;
/** Who has not gone on with an erasure for so long is not going to. */
const LEFT_MS = 20_000;
/** How long one is gone on with before the next. */
const TURN_MS = 60_000;

export type Continuing = Pick<Services, 'readers' | 'directory' | 'journal' | 'now'>;

/** Goes on with erasures that outlived their request, or their process. */
export async function continueErasures(
  { readers, directory, journal, now }: Continuing,
  erasures: Erasures,
  signal?: AbortSignal,
): Promise<void> {
  const left = await readers.run<OpenErasure[]>('openErasures', { before: now() - LEFT_MS });
  for (const { app: number, erasure_id } of left) {
    const app = await directory.appByNumber(number);
    if (!app || signal?.aborted) continue;
    await erasures
      .run(app, erasure_id, performance.now() + TURN_MS)
      .catch((error: unknown) => journal.warn({ err: error, erasure_id }, 'an erasure halts'));
  }
}

export function keepErasing(duties: Duties, services: Continuing, erasures: Erasures): void {
  duties.every('erasures', { pauseMs: LOOK_MS, delayMs: LOOK_MS }, (signal) =>
    continueErasures(services, erasures, signal),
  );
}
