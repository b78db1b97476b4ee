/**
 * A process that writes: `node writer-process.ts URL NAME APPS`. It writes batches to all apps until it
 * is told to stop, and tells its parent of each that was acknowledged, and of each that was not.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { eventOf } from '../../../sequence/log.fixture.ts';
import { StoreFailure } from '../../port.ts';
import { PostgresStore } from '../store.ts';
import { newWriter } from './logs.ts';

export interface Told {
  readonly app: number;
  /** Positions by event id, or why there are none. */
  readonly places?: Readonly<Record<string, number>>;
  readonly failure?: { readonly reason: string; readonly committed: string };
  readonly sent: readonly string[];
}

const BATCH = 20;
const DEADLINE_MS = 5000;
const PAUSE_MS = 50;
const BATCHES_MAX = 100_000;

const [url = '', name = '', apps = '1'] = process.argv.slice(2);
const store = new PostgresStore({ url, name });
const writer = newWriter(store);
const stop = new AbortController();
process.once('message', () => stop.abort());

const tell = (told: Told) => new Promise((resolve) => process.send?.(told, resolve));

async function writeBatch(number: number): Promise<Told> {
  const app = (number % Number(apps)) + 1;
  const sent = Array.from({ length: BATCH }, (_, i) => `evt_${name}_${number}_${i}`);
  const deadline = Date.now() + DEADLINE_MS;
  const submissions = sent.map((id) => ({ app, events: [eventOf(id, 1)], effects: [], deadline }));
  try {
    const verdicts = await writer.write(submissions);
    const events = verdicts.flatMap((verdict) => (verdict.ok ? verdict.receipt.events : []));
    return { app, sent, places: Object.fromEntries(events.map((e) => [e.event_id, e.seq])) };
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    const { reason, committed } = error;
    return { app, sent, failure: { reason, committed } };
  }
}

for (let number = 0; number < BATCHES_MAX && !stop.signal.aborted; number++) {
  const told = await writeBatch(number);
  await tell(told);
  if (told.failure) await sleep(PAUSE_MS);
}
await store.close();
process.disconnect?.();
