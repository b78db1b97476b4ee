import type { DestinationBatch } from '@affidavit/schema';
import type { AppRef } from '@affidavit/vault';
import type { Logger } from 'pino';

import type { StoredDirectory } from '../access/directory.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Trail } from '../ingest/trail.ts';
import { parseFilter, type Filter, type Query } from '../query/filter.ts';
import type { ReaderPool } from '../query/reader-pool.ts';
import type { CommitFeed } from '../sequence/commit-feed.ts';
import type { DestinationsTable } from '../store/tables.ts';
import type { Turns } from '../threads/turns.ts';
import { Growth } from './growth.ts';
import { LaneRun, type LanePorts, type LaneSettings } from './lane.ts';
import type { DestinationLabels } from './metrics.ts';
import { openReceiver, type ReceiverPorts } from './open-receiver.ts';
import { wait } from './pause.ts';
import { pause, Stale } from './progress.ts';
import type { DeliverableBatch, Lane } from './reads.ts';
import type { Limits, Receiver } from './receiver.ts';

/** Between two looks at whether the destination was changed. */
const LOOK_MS = 200;
const PAUSE_AFTER_FAILURE_MS = 2000;

export interface RunnerPorts extends ReceiverPorts {
  readonly trail: Trail;
  readonly directory: Pick<StoredDirectory, 'rows' | 'appByNumber'>;
  readonly readers: Pick<ReaderPool, 'run'>;
  readonly commits: CommitFeed;
  readonly metrics: Metrics;
  readonly journal: Logger;
  readonly random: () => number;
  /** Reads for deliveries take turns, so that threads are left for questions. */
  readonly turns: Turns;
}

/** Delivers to one destination, as long as this process holds its lease. */
export class DestinationRunner {
  readonly #ports: RunnerPorts;
  readonly #where: { readonly app: number; readonly destination_id: string };

  constructor(ports: RunnerPorts, app: number, destination_id: string) {
    this.#ports = ports;
    this.#where = { app, destination_id };
  }

  /** Until the signal, which ends it in the middle of a batch. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#session(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Stale))
          this.#ports.journal.warn({ err: error, ...this.#where }, 'a delivery failed');
        await wait(PAUSE_AFTER_FAILURE_MS, signal);
      }
    }
  }

  /** As long as the destination stays as it is. */
  async #session(signal: AbortSignal): Promise<void> {
    const row = await this.#row();
    const app = await this.#ports.directory.appByNumber(this.#where.app);
    if (!row || !app) return wait(LOOK_MS, signal);
    const { destination_id, type } = row;
    const labels = { app_id: app.app_id, destination: destination_id, type };
    this.#ports.metrics.destinations.paused(labels, row.paused === 1);
    const changed = new AbortController();
    const watching = this.#watch(row, changed, AbortSignal.any([signal, changed.signal]));
    try {
      if (row.paused === 0) await this.#deliver(row, { ...app, labels }, changed, signal);
      await watching;
    } finally {
      changed.abort();
      if (signal.aborted) this.#ports.metrics.destinations.forget(labels);
    }
  }

  async #row(): Promise<DestinationsTable | undefined> {
    const [row] = await this.#ports.directory.rows('destinations', this.#where);
    return row;
  }

  async #watch(row: DestinationsTable, changed: AbortController, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await wait(LOOK_MS, end);
      const now = await this.#row().catch(() => row);
      if (now?.updated_at !== row.updated_at) changed.abort();
    }
  }

  /** The live cursor, and beside it backfills and replays, one after the other. */
  async #deliver(
    row: DestinationsTable,
    app: AppRef & { readonly labels: DestinationLabels },
    changed: AbortController,
    abort: AbortSignal,
  ): Promise<void> {
    const lanes = await this.#ports.readers.run<Lane[]>('lanes', this.#where);
    const open = lanes.filter(({ ended_at }) => ended_at === null);
    const receiver = await openReceiver(this.#ports, row);
    const stop = AbortSignal.any([abort, changed.signal]);
    const runAll = async (some: readonly Lane[]) => {
      const growth = new Growth(this.#ports.commits, app.app);
      const settings = { ...this.#settings(row, app, receiver), growth, stop, abort };
      try {
        for (const lane of some)
          await new LaneRun(this.#lanePorts(row, app), settings, columnsOf(lane)).run();
      } catch (error) {
        changed.abort();
        throw error;
      } finally {
        growth.close();
      }
    };
    const live = open.filter(({ end_seq }) => end_seq === null);
    const others = open.filter(({ end_seq }) => end_seq !== null);
    const oldest = others.sort((a, b) => a.created_at - b.created_at);
    const ended = await Promise.allSettled([runAll(live), runAll(oldest)]);
    await receiver.close();
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  #settings(row: DestinationsTable, app: AppRef, receiver: Receiver) {
    const batch = JSON.parse(row.batch) as DestinationBatch;
    const filter: Filter = parseFilter(JSON.parse(row.filter) as Query);
    return {
      app: { app: app.app, app_id: app.app_id },
      filter,
      receiver,
      limits: limitsOf(receiver, batch),
      inFlight: batch.in_flight ?? 1,
    } satisfies Partial<LaneSettings>;
  }

  #lanePorts(
    row: DestinationsTable,
    { labels, ...app }: AppRef & { readonly labels: DestinationLabels },
  ): LanePorts {
    const { trail, journal, now, random, readers, turns, metrics } = this.#ports;
    return {
      trail,
      journal,
      now,
      random,
      read: async (request) => {
        const end = await turns.take();
        try {
          return await readers.run<DeliverableBatch>('batchToDeliver', request);
        } finally {
          end();
        }
      },
      count: (what, entries) => metrics.destinations.count(what, labels, entries),
      measure: (entries) => metrics.destinations.lag(labels, entries),
      halt: (reason) => pause(trail, app, row, reason, now()),
    };
  }
}

/** The row alone, without what was read beside it. */
function columnsOf({ size: _size, next_created_at: _next, ...row }: Lane) {
  return row;
}

function limitsOf(receiver: Receiver, batch: DestinationBatch): Limits {
  const { limits } = receiver;
  return {
    entries: Math.min(limits.entries, batch.entries ?? limits.entries),
    bytes: Math.min(limits.bytes, batch.bytes ?? limits.bytes),
    entryBytes: limits.entryBytes,
    waitMs: batch.wait_ms ?? limits.waitMs,
  };
}
