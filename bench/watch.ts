import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { Affidavit } from './affidavit.ts';
import { memoryOf } from './child.ts';
import { count, megabytes } from './report.ts';

/** What a server holds, sampled while something is measured. */

export interface Held {
  /** When, by `performance.now()`. */
  readonly at: number;
  /** Resident memory without pages of files, in bytes. */
  readonly resident: number;
  /** Used JavaScript heap of the main thread, in bytes, as `/metrics` says it; NaN when it did not answer. */
  readonly heap: number;
  /** Without connections, which are as many as the clients open. */
  readonly files: number;
  readonly connections: number;
  readonly threads: number;
}

const METRICS_MS = 2000;

async function heapOf(server: Affidavit): Promise<number> {
  const signal = AbortSignal.timeout(METRICS_MS);
  const text = await fetch(`${server.url}/metrics`, { signal }).then(
    (answer) => answer.text(),
    () => '',
  );
  return Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
}

/** Open files and connections; NaN where the system does not say. */
async function openOf(pid: number): Promise<Pick<Held, 'files' | 'connections'>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => null);
  if (names === null) return { files: NaN, connections: NaN };
  const targets = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  const connections = targets.filter((target) => target.startsWith('socket:')).length;
  return { files: targets.length - connections, connections };
}

/** Of a system without /proc all but the heap is NaN. */
export async function look(server: Affidavit): Promise<Held> {
  const { pid } = server;
  const [memory, heap, open, status] = await Promise.all([
    memoryOf(pid),
    heapOf(server),
    openOf(pid),
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
  ]);
  return {
    at: performance.now(),
    resident: memory ? memory.resident - memory.mapped : NaN,
    heap,
    ...open,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1]),
  };
}

/** Looks at once and then again and again; `stop` looks a last time and returns all that was seen. */
export function watch(server: Affidavit, everyMs: number): { stop(): Promise<Held[]> } {
  const seen: Held[] = [];
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      seen.push(await look(server));
      await delay(everyMs);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await watching;
      seen.push(await look(server));
      return seen;
    },
  };
}

export const median = (values: readonly number[]): number => {
  const known = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)] ?? NaN;
};

/** Growth a minute by the least squares of a line through all points; `at` in ms. */
export function slopePerMinute(points: readonly { at: number; value: number }[]): number {
  const known = points.filter(({ value }) => !Number.isNaN(value));
  const mean = (of: (point: { at: number; value: number }) => number) =>
    known.reduce((sum, point) => sum + of(point), 0) / known.length;
  const at = mean((point) => point.at);
  const value = mean((point) => point.value);
  const above = known.reduce((sum, point) => sum + (point.at - at) * (point.value - value), 0);
  const below = known.reduce((sum, point) => sum + (point.at - at) ** 2, 0);
  return (above / below) * 60_000;
}

const THIRDS = 3;

/** Memory by thirds of the time, and the most of everything. */
export function describeHeld(seen: readonly Held[]): string {
  const resident = seen.map((one) => one.resident);
  const size = Math.ceil(seen.length / THIRDS);
  const medians = Array.from({ length: THIRDS }, (_, i) =>
    megabytes(median(resident.slice(i * size, (i + 1) * size))),
  );
  const most = (of: (one: Held) => number) => count(Math.max(...seen.map(of)));
  return [
    `memory ${medians.join(', ')} by thirds of the time`,
    `at most ${megabytes(Math.max(...resident))}`,
    `open files at most ${most((one) => one.files)}`,
    `connections at most ${most((one) => one.connections)}`,
    `threads at most ${most((one) => one.threads)}`,
  ].join('; ');
}
