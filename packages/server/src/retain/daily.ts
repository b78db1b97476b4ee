import type { Duties } from '../duties/duties.ts';
import type { Services } from '../services.ts';
import type { Clock } from './clock.ts';
import { DAY_MS } from './decision.ts';
import type { Sweep } from './sweep.ts';

/** How often to look whether a day is over, and for how long after a start not to. */
const LOOK_MS = 15 * 60 * 1000;
const DELAY_MS = 30_000;
/** In `installation`, epoch ms: when the last daily sweep was, and when somebody sweeping said so. */
const LAST_SWEEP = 'last_sweep';
const VOUCHED = 'clock_vouched';

const system = { actor_type: 'system', actor_id: 'affidavit' } as const;

export type DailyServices = Pick<Services, 'readers' | 'directory' | 'trail' | 'journal'> & {
  readonly config: Pick<Services['config'], 'home_app'>;
  readonly sweep: Sweep;
  readonly clock: Clock;
};

type Storing = Pick<DailyServices, 'config' | 'trail'>;
type Stored = Pick<DailyServices, 'readers' | 'directory'>;

async function stored({ directory }: Stored, name: string): Promise<number | null> {
  const [row] = await directory.rows('installation', { name });
  return row ? Number(row.value) : null;
}

async function store({ config, trail }: Storing, name: string, at: number): Promise<void> {
  await trail.apply(config.home_app, [
    { op: 'delete', table: 'installation', where: { name }, any: true },
    { op: 'insert', table: 'installation', row: { name, value: String(at) } },
  ]);
}

/** When the clock was last known to be right: before the first sweep, when anything was recorded. */
export async function lastRight(services: Stored, clock: Clock): Promise<number> {
  const swept = (await stored(services, LAST_SWEEP)) ?? (await newest(services, clock));
  return Math.max(swept, (await stored(services, VOUCHED)) ?? 0);
}

async function newest({ readers }: Stored, clock: Clock): Promise<number> {
  return (await readers.run<number | null>('newestEntry', {})) ?? clock.now();
}

/** An operator says that the clock is right. */
export function vouch(services: Storing, clock: Clock): Promise<void> {
  return store(services, VOUCHED, clock.now());
}

/** Sweeps all apps when a day has passed; not under a clock that cannot be believed. */
export async function sweepDaily(services: DailyServices, signal?: AbortSignal): Promise<void> {
  const { directory, clock, journal, sweep } = services;
  const now = clock.now();
  const last = await stored(services, LAST_SWEEP);
  if (last !== null && now >= last && now - last < DAY_MS) return;
  const doubt = clock.doubt(await lastRight(services, clock));
  if (doubt !== null) {
    const advice = 'Put the clock right, or sweep once by hand: affidavit sweep.';
    journal.error({ doubt, advice }, 'the daily sweep is refused');
    return;
  }
  for (const { app, app_id } of await directory.apps()) {
    if (signal?.aborted) return;
    await sweep
      .run({ app, app_id }, { actor: system, ...(signal ? { signal } : {}) })
      .catch((error: unknown) => journal.warn({ err: error, app_id }, 'an app was not swept'));
  }
  if (!signal?.aborted) await store(services, LAST_SWEEP, now);
}

/** Looks now and then, in one process for all. */
export function keepSweeping(duties: Duties, services: DailyServices): void {
  duties.every('sweep', { pauseMs: LOOK_MS, delayMs: DELAY_MS }, (signal) =>
    sweepDaily(services, signal),
  );
}
