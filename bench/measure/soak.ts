import { setTimeout as delay } from 'node:timers/promises';

import type { Affidavit } from '../affidavit.ts';
import { startLoopbackService, type Bench } from '../bench.ts';
import { singleBodies } from '../events.ts';
import { runLoad } from '../load.ts';
import {
  count,
  megabytes,
  milliseconds,
  perSecond,
  row,
  type Row,
  type Section,
} from '../report.ts';
import { startMix, type Mix } from '../soak-mix.ts';
import { onEachStore } from '../stores.ts';
import { median, slopePerMinute, watch, type Held } from '../watch.ts';

/** Everything at once at half of what can be sustained, for minutes: what grows? */

const CLIENTS = 64;
const BODIES = 8192;
const SHARE = 0.5;
const WATCH_MS = 2000;
const MINUTE_MS = 60_000;
/** Caches and pools fill in the first part of the time: slopes are of the rest. */
const SETTLING = 0.3;
/** Growth in the settled part that is no more than noise. */
const FLAT = { resident: 0.1, files: 0.1, threads: 0.1, p99: 0.5 };

interface Minute {
  readonly at: number;
  readonly requests: number;
  /** Not accepted. */
  readonly wrong: number;
  readonly p50: number;
  readonly p99: number;
}

interface Outcome {
  readonly store: string;
  readonly rate: number;
  readonly minutes: readonly Minute[];
  readonly held: readonly Held[];
  readonly mix: Mix;
}

async function sustainedRate(bench: Bench, server: Affidavit): Promise<number> {
  const bodies = singleBodies(BODIES, 8);
  const { perSecond: rate } = await runLoad({
    origin: server.url,
    headers: server.headers,
    inFlight: CLIENTS,
    status: 201,
    warmUpMs: bench.warmUpMs,
    measureMs: bench.measureMs,
    shot: (n) => ({ method: 'POST', path: '/v1/events', body: bodies[n % BODIES] as Buffer }),
  });
  return rate;
}

async function soak(bench: Bench, server: Affidavit, store: string): Promise<Outcome> {
  const { tell, options } = bench;
  tell(`soak: ${store}: what can be sustained`);
  const rate = (await sustainedRate(bench, server)) * SHARE;
  const service = await startLoopbackService();
  const mix = await startMix(server, service.said, rate);
  const watching = watch(server, WATCH_MS);
  const minutes: Minute[] = [];
  for (let minute = 1; minute <= options.minutes; minute++) {
    await delay(MINUTE_MS);
    const { accepted, refused, others } = mix.take();
    const [p50 = NaN, p99 = NaN] = accepted.percentiles(0.5, 0.99);
    const wrong = [...others.values()].reduce((sum, one) => sum + one, refused.count);
    minutes.push({ at: performance.now(), requests: accepted.count, wrong, p50, p99 });
    const said = `${count(accepted.count)} writes, ${wrong} refused, p99 ${milliseconds(p99)}`;
    tell(`soak: ${store}: minute ${minute}: ${said}`);
  }
  const held = await watching.stop();
  await mix.stop();
  await service.stop();
  return { store, rate, minutes, held, mix };
}

/** From the settled part on. */
function settled<T extends { readonly at: number }>(points: readonly T[]): T[] {
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? 0;
  return points.filter(({ at }) => at >= first + (last - first) * SETTLING);
}

interface Growth {
  readonly median: number;
  readonly max: number;
  /** A minute. */
  readonly slope: number;
  /** Over the settled part, as a share of the median. */
  readonly share: number;
}

function growthOf<T extends { readonly at: number }>(
  all: readonly T[],
  of: (one: T) => number,
): Growth {
  const points = settled(all).map((one) => ({ at: one.at, value: of(one) }));
  const values = points.map(({ value }) => value);
  const slope = slopePerMinute(points);
  const minutes = ((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)) / MINUTE_MS;
  const middle = median(values);
  return { median: middle, max: Math.max(...values), slope, share: (slope * minutes) / middle };
}

function verdict({ share }: Growth, limit: number): string {
  if (Number.isNaN(share)) return 'too short to tell';
  const percent = `${(share * 100).toFixed(1)} %`;
  return share <= limit ? `flat (${percent})` : `grows by ${percent}`;
}

const described = ({ median: middle, max, slope }: Growth, unit: (value: number) => string) =>
  `median ${unit(middle)}, at most ${unit(max)}, ${slope < 0 ? '−' : '+'}${unit(Math.abs(slope))} a minute`;

function rowsOf({ store, minutes, held, mix }: Outcome): Row[] {
  const name = `${store}, ${minutes.length} minutes`;
  const p99 = growthOf(minutes, (one) => one.p99);
  const requests = minutes.reduce((sum, one) => sum + one.requests, 0);
  const wrong = minutes.reduce((sum, one) => sum + one.wrong, 0);
  const of = {
    resident: growthOf(held, (one) => one.resident),
    heap: growthOf(held, (one) => one.heap),
    files: growthOf(held, (one) => one.files),
    connections: growthOf(held, (one) => one.connections),
    threads: growthOf(held, (one) => one.threads),
  };
  const tenths = (value: number) => value.toFixed(1);
  return [
    row({
      name: `${name}: single writes`,
      rate: perSecond(requests / (minutes.length * 60)),
      p50: milliseconds(median(minutes.map((one) => one.p50))),
      p99: milliseconds(p99.median),
      beside: `${count(wrong)} refused; p99 by minutes: ${minutes.map((one) => milliseconds(one.p99)).join(', ')}`,
      target: verdict(p99, FLAT.p99),
    }),
    row({
      name: `${name}: memory`,
      beside: described(of.resident, megabytes),
      target: verdict(of.resident, FLAT.resident),
    }),
    row({ name: `${name}: heap of the main thread`, beside: described(of.heap, megabytes) }),
    row({
      name: `${name}: open files`,
      beside: described(of.files, tenths),
      target: verdict(of.files, FLAT.files),
    }),
    row({ name: `${name}: connections`, beside: described(of.connections, tenths) }),
    row({
      name: `${name}: threads`,
      beside: described(of.threads, tenths),
      target: verdict(of.threads, FLAT.threads),
    }),
    row({ name: `${name}: all that was done`, beside: mix.summary() }),
  ];
}

export async function measureSoak(bench: Bench): Promise<Section> {
  const outcomes = await onEachStore(bench, 'soak', (server, store) => soak(bench, server, store));
  return {
    title: 'Soak',
    meaning: [
      `Single writes at ${SHARE * 100} % of what a closed load of ${CLIENTS} clients sustains, and beside them batches, brokered calls, searches, facets, pages, a stream, exports, retries under the same Idempotency-Key, and keys that are minted and revoked. Growth is that of a line through all points after the first ${SETTLING * 100} % of the time, over the rest of it. Writes begin when they are due: where no connection is free one more is opened, and stays.`,
    ],
    rows: outcomes.flatMap(rowsOf),
    notes: outcomes.map(({ store, rate }) => `${store}: ${perSecond(rate)} of single writes.`),
  };
}
