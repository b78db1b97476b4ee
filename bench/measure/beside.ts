import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

import { untilQuiet, type Affidavit } from '../affidavit.ts';
import type { Bench } from '../bench.ts';
import { startChild, type Child } from '../child.ts';
import { batchBody, createEvents, singleBodies } from '../events.ts';
import { runLoad } from '../load.ts';
import { runOpenLoad, type OpenLoadResult } from '../open-load.ts';
import { count, milliseconds, perSecond, row, times, type Row, type Section } from '../report.ts';
import { onEachStore } from '../stores.ts';

/** Single writes at a steady rate, alone and while the trail is searched and exported. */

const CLIENTS = 64;
const BODIES = 8192;
const SHARE = 0.4;
const BATCH = 500;

interface Reading {
  readonly name: string;
  readonly searchers: number;
  readonly exporters: number;
}

const READINGS: readonly Reading[] = [
  { name: '4 searches at a time', searchers: 4, exporters: 0 },
  { name: 'an export', searchers: 0, exporters: 1 },
  { name: '4 searches and an export', searchers: 4, exporters: 1 },
];

const GIVING_WAY = 10;

async function startReading(server: Affidavit, { searchers, exporters }: Reading): Promise<Child> {
  const child = await startChild({
    command: process.execPath,
    argv: [
      fileURLToPath(new URL('../reading-process.ts', import.meta.url)),
      `--url=${server.url}`,
      `--searchers=${searchers}`,
      `--exporters=${exporters}`,
    ],
    env: { ...process.env, READING_AUTHORIZATION: server.headers.authorization },
    ready: /(reading)/,
  });
  setPriority(child.pid, GIVING_WAY);
  return child;
}

interface Outcome {
  readonly store: string;
  readonly alone: OpenLoadResult;
  readonly beside: readonly { readonly name: string; readonly writes: OpenLoadResult }[];
}

async function fill({ url, headers }: Affidavit, entries: number): Promise<void> {
  const next = createEvents(6);
  for (let loaded = 0; loaded < entries; loaded += BATCH) {
    const body = batchBody(next, BATCH);
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${text}`);
  }
}

async function measureStore(bench: Bench, server: Affidavit, store: string): Promise<Outcome> {
  const { options, tell, warmUpMs, measureMs } = bench;
  const entries = options.entries[0] as number;
  tell(`beside: ${store}: loading ${count(entries)} entries`);
  await fill(server, entries);
  await untilQuiet(server);
  const bodies = singleBodies(BODIES, 7);
  const load = {
    origin: server.url,
    headers: server.headers,
    shot: (n: number) =>
      ({ method: 'POST', path: '/v1/events', body: bodies[n % BODIES] as Buffer }) as const,
  };
  const closed = { inFlight: CLIENTS, status: 201, warmUpMs, measureMs: measureMs / 2 };
  const { perSecond: sustained } = await runLoad({ ...load, ...closed });
  const open = { ...load, durationMs: measureMs, perSecond: sustained * SHARE };
  tell(`beside: ${store}: ${perSecond(open.perSecond)}, alone`);
  const alone = await runOpenLoad(open);
  const beside: { name: string; writes: OpenLoadResult }[] = [];
  for (const reading of READINGS) {
    tell(`beside: ${store}: beside ${reading.name}`);
    const child = await startReading(server, reading);
    const writes = await runOpenLoad(open).finally(child.stop);
    beside.push({ name: reading.name, writes });
  }
  return { store, alone, beside };
}

function rowsOf({ store, alone, beside }: Outcome): Row[] {
  const [a50 = NaN, a99 = NaN] = alone.accepted.percentiles(0.5, 0.99);
  const all = [{ name: 'alone', writes: alone }];
  return [...all, ...beside].map(({ name, writes }) => {
    const [p50 = NaN, p99 = NaN] = writes.accepted.percentiles(0.5, 0.99);
    const isAlone = name === 'alone';
    return row({
      name: `${store}, writes ${isAlone ? name : `beside ${name}`}`,
      rate: perSecond(writes.accepted.count / writes.seconds),
      p50: milliseconds(p50),
      p99: milliseconds(p99),
      ...(isAlone
        ? {}
        : { beside: `p50 ${times(p50 / a50, 'alone')}, p99 ${times(p99 / a99, 'alone')}` }),
      ...(isAlone ? {} : { target: 'as alone' }),
    });
  });
}

export async function measureBeside(bench: Bench): Promise<Section> {
  const measure = (server: Affidavit, store: string) => measureStore(bench, server, store);
  const outcomes = await onEachStore(bench, 'beside', measure);
  return {
    title: 'Writes beside slow queries',
    meaning: [
      `Single events at ${SHARE * 100} % of what is sustained, on a trail of ${count(bench.options.entries[0] as number)} entries: alone, and while others search for phrases that never occur (every entry that has the words is read and dropped) and export the whole trail over and over.`,
    ],
    rows: outcomes.flatMap(rowsOf),
    notes: [],
  };
}
