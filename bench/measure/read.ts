import { setTimeout as delay } from 'node:timers/promises';

import { untilQuiet, type Affidavit } from '../affidavit.ts';
import type { Bench } from '../bench.ts';
import { memoryOf, type Memory } from '../child.ts';
import { batchBody, createEvents, PRINCIPALS, PROVIDERS, WORDS } from '../events.ts';
import {
  count,
  megabytes,
  milliseconds,
  perSecond,
  row,
  type Row,
  type Section,
} from '../report.ts';
import { Samples } from '../samples.ts';
import { onEachStore } from '../stores.ts';

/** First pages and an export of a ledger of so many entries. */

const BATCH = 1000;
const LOADERS = 4;
const PAGES = 100;
const RSS_POLL_MS = 50;
const AT_REST_TARGET = 'p50 ≤ 50 ms';

interface Filter {
  readonly name: string;
  readonly query: (n: number) => string;
}

const at = (list: readonly string[], n: number) => list[n % list.length] as string;

const FILTERS: readonly Filter[] = [
  { name: 'no filter', query: () => '' },
  { name: 'provider', query: (n) => `provider=${at(PROVIDERS, n)}` },
  {
    name: 'principal and outcome',
    query: (n) => `principal_id=${at(PRINCIPALS, n * 7)}&outcome=provider_error`,
  },
  { name: 'two words of free text', query: (n) => `q=${at(WORDS, n)}+${at(WORDS, n * 3 + 1)}` },
  { name: 'no match', query: (n) => `run_id=run_never_${n}` },
];

/** Brings the ledger up to this many entries that the bench made. */
async function loadUpTo(
  server: Affidavit,
  loaded: number,
  entries: number,
  next: ReturnType<typeof createEvents>,
): Promise<number> {
  const begun = performance.now();
  let left = Math.ceil((entries - loaded) / BATCH);
  const load = async () => {
    while (left-- > 0) {
      const answer = await fetch(`${server.url}/v1/events`, {
        method: 'POST',
        headers: server.headers,
        body: batchBody(next, BATCH),
      });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, load));
  return ((entries - loaded) * 1000) / (performance.now() - begun);
}

async function measurePages(server: Affidavit, filter: Filter): Promise<Samples> {
  const latencies = new Samples();
  for (let n = 0; n < PAGES; n++) {
    const begun = performance.now();
    const answer = await fetch(`${server.url}/v1/events?limit=50&${filter.query(n)}`, {
      headers: server.headers,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text}`);
    latencies.add(performance.now() - begun);
  }
  return latencies;
}

interface ExportResult {
  readonly rows: number;
  readonly seconds: number;
  readonly before: Memory | null;
  /** The most resident memory seen while it ran. */
  readonly highest: Memory | null;
}

async function measureExport(server: Affidavit): Promise<ExportResult> {
  const before = await memoryOf(server.pid);
  let highest = before;
  const ended = new AbortController();
  const watch = async () => {
    while (!ended.signal.aborted) {
      const now = await memoryOf(server.pid);
      if (now && highest && now.resident > highest.resident) highest = now;
      await delay(RSS_POLL_MS);
    }
  };
  const watching = watch();
  const begun = performance.now();
  let rows = 0;
  try {
    const answer = await fetch(`${server.url}/v1/events/export?format=ndjson`, {
      headers: server.headers,
    });
    if (answer.status !== 200 || !answer.body) throw new Error(`answered ${answer.status}`);
    for await (const chunk of answer.body) rows += countLines(chunk as Uint8Array);
  } finally {
    ended.abort();
    await watching;
  }
  return { rows, seconds: (performance.now() - begun) / 1000, before, highest };
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) lines++;
  return lines;
}

interface Mark {
  readonly store: string;
  readonly entries: number;
  readonly loadRate: number;
  readonly pages: ReadonlyMap<string, readonly number[]>;
  readonly exported: ExportResult;
}

async function measureMark(
  bench: Bench,
  server: Affidavit,
  mark: Pick<Mark, 'store' | 'entries' | 'loadRate'>,
): Promise<Mark> {
  const where = `reading on ${mark.store} at ${count(mark.entries)} entries`;
  await untilQuiet(server);
  bench.tell(`${where}: first pages`);
  const pages = new Map<string, readonly number[]>();
  for (const filter of FILTERS) {
    const latencies = await measurePages(server, filter);
    pages.set(filter.name, latencies.percentiles(0.5, 0.99));
  }
  bench.tell(`${where}: export`);
  const exported = await measureExport(server);
  return { ...mark, pages, exported };
}

async function measureMarks(bench: Bench, server: Affidavit, store: string): Promise<Mark[]> {
  const next = createEvents(3);
  const marks: Mark[] = [];
  let loaded = 0;
  for (const entries of bench.options.entries) {
    bench.tell(`reading on ${store}: loading up to ${count(entries)} entries`);
    const loadRate = await loadUpTo(server, loaded, entries, next);
    loaded = entries;
    marks.push(await measureMark(bench, server, { store, entries, loadRate }));
  }
  return marks;
}

function pageRows({ store, entries, pages }: Mark, first: Mark): Row[] {
  return [...pages].map(([name, [p50 = NaN, p99 = NaN]]) => {
    const before = first.pages.get(name)?.[0] ?? NaN;
    const growth = `${(p50 / before).toFixed(2)} × ${count(first.entries)} entries`;
    return row({
      name: `First page on ${store}, ${name}, ${count(entries)} entries`,
      p50: milliseconds(p50),
      p99: milliseconds(p99),
      ...(first.entries === entries ? {} : { beside: growth }),
      target: AT_REST_TARGET,
    });
  });
}

function besideMemory(before: Memory | null, highest: Memory | null): string {
  if (!before || !highest) return 'memory unknown';
  const most = `${megabytes(highest.resident)} (${megabytes(highest.mapped)} of it files)`;
  return `memory ${megabytes(before.resident)} before, at most ${most}`;
}

function exportRow({ store, entries, exported }: Mark): Row {
  const { rows, seconds, before, highest } = exported;
  return row({
    name: `Export as NDJSON on ${store}, ${count(entries)} entries`,
    rate: perSecond(rows / seconds),
    beside: besideMemory(before, highest),
    target: '≤ 300 MB',
  });
}

export async function measureRead(bench: Bench): Promise<Section> {
  const stores = await onEachStore(bench, 'read', (server, store) =>
    measureMarks(bench, server, store),
  );
  const marks = stores.flat();
  return {
    title: 'Reading',
    meaning: [
      `First pages of 50 entries, newest first, one request at a time, ${PAGES} for each filter with values that vary; among them are questions asked for the first time, which are put on the record before they are answered. The export streams the whole ledger; memory is that of the whole server process, load included.`,
    ],
    rows: stores.flatMap((own) =>
      own.flatMap((mark) => [...pageRows(mark, own[0] as Mark), exportRow(mark)]),
    ),
    notes: marks.map(
      ({ store, entries, loadRate }) =>
        `On ${store} the ledger was brought up to ${count(entries)} entries at ${perSecond(loadRate)}; reading began when its indexes were made.`,
    ),
  };
}
