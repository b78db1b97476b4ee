import { setTimeout as delay } from 'node:timers/promises';

import type { Affidavit } from '../affidavit.ts';
import type { Bench } from '../bench.ts';
import { batchBody, createEvents, singleBodies } from '../events.ts';
import { runLoad, type LoadResult, type Shot } from '../load.ts';
import { runOpenLoad, type OpenLoadResult } from '../open-load.ts';
import { count, milliseconds, perSecond, row, times, type Row, type Section } from '../report.ts';
import type { Samples } from '../samples.ts';
import { onEachStore } from '../stores.ts';
import { describeHeld, watch, type Held } from '../watch.ts';

/** Twice what the server can sustain: what it takes, what it refuses, what it holds, and after. */

const FACTOR = 2;
const CLIENTS = 256;
const BODIES = 8192;
const WATCH_MS = 500;
/** A request that is answered within this time is a normal one. */
const NORMAL_MS = 50;
const RECOVERY_MS = 30_000;

interface Kind {
  readonly name: string;
  readonly clients: number;
  readonly shot: (n: number) => Shot;
}

function kinds(): Kind[] {
  const singles = singleBodies(BODIES, 4);
  const next = createEvents(5);
  const batches = Array.from({ length: 64 }, () => batchBody(next, 100));
  const path = '/v1/events';
  const pick = (bodies: readonly Buffer[]) => (n: number) =>
    ({ method: 'POST', path, body: bodies[n % bodies.length] as Buffer }) as const;
  return [
    { name: 'single events', clients: CLIENTS, shot: pick(singles) },
    { name: 'batches of 100', clients: 16, shot: pick(batches) },
  ];
}

interface Outcome {
  readonly store: string;
  readonly kind: string;
  readonly sustained: LoadResult;
  readonly flood: OpenLoadResult;
  readonly held: readonly Held[];
  /** From the end of the flood to the first normal answer, ms; NaN when there was none. */
  readonly recovery_ms: number;
  /** The same at half of what is sustained, after the flood. */
  readonly after: OpenLoadResult;
}

/** One request after another until one is answered as if nothing had been. */
async function recover(server: Affidavit, shot: Shot): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < RECOVERY_MS) {
    const asked = performance.now();
    const { url, headers } = server;
    const { method, path, body } = shot;
    const answer = await fetch(url + path, { method, headers, ...(body ? { body } : {}) });
    await answer.text();
    const now = performance.now();
    if (answer.ok && now - asked <= NORMAL_MS) return now - begun;
    await delay(NORMAL_MS / 2);
  }
  return NaN;
}

async function flood(bench: Bench, server: Affidavit, store: string, kind: Kind): Promise<Outcome> {
  const { warmUpMs, measureMs, tell } = bench;
  const { name, clients, shot } = kind;
  const origin = { origin: server.url, headers: server.headers, shot };
  tell(`overload: ${store}, ${name}: what can be sustained`);
  const sustained = await runLoad({
    ...origin,
    inFlight: clients,
    status: 201,
    warmUpMs,
    measureMs,
  });
  const rate = sustained.perSecond;
  tell(`overload: ${store}, ${name}: ${perSecond(rate * FACTOR)}`);
  const watching = watch(server, WATCH_MS);
  const open = { ...origin, durationMs: measureMs * 2 };
  const flooded = await runOpenLoad({ ...open, perSecond: rate * FACTOR });
  const held = await watching.stop();
  const recovery_ms = await recover(server, shot(0));
  tell(`overload: ${store}, ${name}: half of it, afterwards`);
  const after = await runOpenLoad({ ...origin, durationMs: measureMs, perSecond: rate / 2 });
  return { store, kind: name, sustained, flood: flooded, held, recovery_ms, after };
}

function latencies(samples: Samples) {
  const [p50 = NaN, p99 = NaN] = samples.percentiles(0.5, 0.99);
  return samples.count === 0 ? {} : { p50: milliseconds(p50), p99: milliseconds(p99) };
}

const listed = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([name, times]) => `${name} ${count(times)}`).join(', ');

function rowsOf({ store, kind, sustained, flood: flooded, held, ...rest }: Outcome): Row[] {
  const { seconds, accepted, refused, codes, others, connections } = flooded;
  const name = `${store}, ${kind}`;
  const rate = accepted.count / seconds;
  const unexpected = others.size === 0 ? 'nothing else' : `also ${listed(others)}`;
  return [
    row({
      name: `${name}: sustained`,
      rate: perSecond(sustained.perSecond),
      ...latencies(sustained.latencies),
    }),
    row({
      name: `${name}: twice that, taken`,
      rate: perSecond(rate),
      ...latencies(accepted),
      beside: `${times(rate / sustained.perSecond, 'sustained')}; ${count(connections)} connections`,
      target: 'p99 bounded',
    }),
    row({
      name: `${name}: twice that, refused`,
      rate: perSecond(refused.count / seconds),
      ...latencies(refused),
      beside: `with Retry-After: ${listed(codes) || 'none'}; ${unexpected}`,
      target: '503 with Retry-After',
    }),
    row({ name: `${name}: held meanwhile`, beside: describeHeld(held), target: 'flat' }),
    row({
      name: `${name}: half of it, afterwards`,
      rate: perSecond(rest.after.accepted.count / rest.after.seconds),
      ...latencies(rest.after.accepted),
      beside: `normal again after ${milliseconds(rest.recovery_ms)}; refused ${count(rest.after.refused.count)}`,
      target: 'within seconds',
    }),
  ];
}

export async function measureOverload(bench: Bench): Promise<Section> {
  const outcomes = await onEachStore(bench, 'overload', async (server, store) => {
    const results: Outcome[] = [];
    for (const kind of kinds()) results.push(await flood(bench, server, store, kind));
    return results;
  });
  return {
    title: 'Twice what can be sustained',
    meaning: [
      `What the server sustains is the rate of a closed load of ${CLIENTS} clients (single events) or 16 (batches). Then requests arrive at twice that rate, each on a connection that is free or on a new one. Whatever is refused must be 503 with a code and Retry-After.`,
      `Memory is that of the server process without pages of files. It is normal again when a request is answered within ${NORMAL_MS} ms.`,
    ],
    rows: outcomes.flat().flatMap(rowsOf),
    notes: [],
  };
}
