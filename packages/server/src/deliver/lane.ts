import type { AppRef } from '@affidavit/vault';
import type { Logger } from 'pino';

import type { Trail } from '../ingest/trail.ts';
import type { Filter } from '../query/filter.ts';
import type { DeliveriesTable } from '../store/tables.ts';
import { wait } from './pause.ts';
import { keepFailure, Stale, takeStep, type DeadRange, type Step } from './progress.ts';
import type { BatchRequest, DeliverableBatch } from './reads.ts';
import type { Deliverable, Limits, Receiver, SendResult } from './receiver.ts';
import type { Growth } from './growth.ts';

/** One cursor of a destination, from where it stands to its end. */

/** A cursor that only passes over entries which are not for it is kept this often. */
const KEEP_SKIPPED_MS = 5000;
const BACKOFF_MS = 250;
const BACKOFF_MAX_MS = 60_000;
const BACKOFF_DOUBLINGS_MAX = 10;
const TRAIL_PAUSE_MS = 1000;
/** Until it is noticed that the destination is paused. */
const HALTED_MS = 10_000;
const MINUTE_MS = 60_000;

export interface LanePorts {
  readonly trail: Trail;
  readonly journal: Logger;
  readonly now: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly read: (request: BatchRequest) => Promise<DeliverableBatch>;
  readonly count: (what: 'delivered' | 'dead' | 'failed', entries: number) => void;
  readonly measure: (lagEntries: number) => void;
  /** Nothing more is to be sent, until somebody resumes the destination. */
  readonly halt: (reason: string) => Promise<void>;
}

export interface LaneSettings {
  readonly app: AppRef;
  readonly filter: Filter;
  readonly receiver: Receiver;
  readonly limits: Limits;
  /** Batches under way at once. */
  readonly inFlight: number;
  readonly growth: Growth;
  /** Between two batches: stop, the destination was changed. */
  readonly stop: AbortSignal;
  /** Also in the middle of one. */
  readonly abort: AbortSignal;
}

export class LaneRun {
  readonly #ports: LanePorts;
  readonly #settings: LaneSettings;
  #row: DeliveriesTable;
  /** Everything before it was looked at, and was delivered or was not for this destination. */
  #looked: number;
  #keptAt: number;
  readonly #recent: { readonly at: number; readonly entries: number }[] = [];

  constructor(ports: LanePorts, settings: LaneSettings, row: DeliveriesTable) {
    this.#ports = ports;
    this.#settings = settings;
    this.#row = row;
    this.#looked = row.next_seq;
    this.#keptAt = ports.now();
  }

  /** Resolves at the end of the lane, or when told to stop. Throws `Stale`. */
  async run(): Promise<void> {
    const { stop, growth, limits } = this.#settings;
    while (!stop.aborted) {
      const batch = await this.#read(this.#looked);
      if (batch.entries.length > 0) {
        await this.#deliver(await this.#withNext(batch));
        continue;
      }
      this.#looked = batch.next;
      const isEnd = this.#row.end_seq !== null && batch.next >= this.#row.end_seq;
      await this.#keepSkipped(isEnd);
      if (isEnd) return;
      if (batch.more) continue;
      await growth.wait(KEEP_SKIPPED_MS, stop);
      await wait(limits.waitMs, stop);
    }
  }

  async #read(first: number): Promise<DeliverableBatch> {
    const { app, filter, limits } = this.#settings;
    const { entries, bytes } = limits;
    const { end_seq: end } = this.#row;
    const request = { app: app.app, filter, first, end, entries, bytes };
    const batch = await this.#ports.read(request);
    if (end === null) this.#ports.measure(Math.max(0, batch.size - this.#looked));
    return batch;
  }

  /** As many more batches behind it as may be under way at once. */
  async #withNext(batch: DeliverableBatch): Promise<DeliverableBatch[]> {
    const batches = [batch];
    let last = batch;
    while (last.more && batches.length < this.#settings.inFlight) {
      last = await this.#read(last.next);
      batches.push(last);
    }
    return batches;
  }

  async #keepSkipped(isEnd: boolean): Promise<void> {
    const isDue = this.#ports.now() - this.#keptAt >= KEEP_SKIPPED_MS;
    if (!isEnd && (this.#looked === this.#row.next_seq || !isDue)) return;
    await this.#keep({ next: this.#looked, delivered: 0, dead: [] });
  }

  /** Sends batches at once, and keeps what came of them in their order. */
  async #deliver(batches: readonly DeliverableBatch[]): Promise<void> {
    const all = await Promise.all(batches.map((batch) => this.#sendWhole(batch)));
    for (const [index, { done, rest }] of all.entries()) {
      if (rest !== null) {
        if (!this.#settings.abort.aborted) await this.#keepPart(done, rest);
        return;
      }
      await this.#keep(done.step((batches[index] as DeliverableBatch).next));
    }
  }

  /** Sends a batch, in smaller ones where some of it is refused; `rest` where it was told to stop. */
  async #sendWhole(
    batch: DeliverableBatch,
  ): Promise<{ done: Progress; rest: readonly Deliverable[] | null }> {
    const done = new Progress(batch);
    const pieces = batch.entries.length === 0 ? [] : [batch.entries];
    for (let piece = pieces.pop(); piece; piece = pieces.pop()) {
      const result = await this.#send(piece);
      if (result === null) return { done, rest: piece };
      if (result.kind === 'refused' && piece.length > 1) pieces.push(...split(piece, result));
      else if (result.kind === 'refused') done.die(piece, result.reason);
      else if (result.rejected === undefined) done.accept(piece);
      else done.die(piece, result.rejected);
    }
    return { done, rest: null };
  }

  /** What of a batch is done with, when it is not sent to its end. */
  async #keepPart(done: Progress, rest: readonly Deliverable[]): Promise<void> {
    const next = (rest[0] as Deliverable).seq;
    if (next > this.#row.next_seq) await this.#keep(done.step(next));
  }

  /** Until it is taken or refused; null when told to stop before. */
  async #send(
    piece: readonly Deliverable[],
  ): Promise<Exclude<SendResult, { kind: 'later' | 'halt' }> | null> {
    const { receiver, limits, stop, abort } = this.#settings;
    const tooLarge = oversized(piece, limits);
    if (tooLarge !== null) return tooLarge;
    for (let tries = 0; !stop.aborted; tries++) {
      const result = await receiver.send(piece, abort);
      if (result.kind === 'accepted' || result.kind === 'refused') return result;
      if (abort.aborted) return null;
      this.#ports.count('failed', 1);
      if (result.kind === 'halt') {
        await this.#ports.halt(result.reason);
        await wait(HALTED_MS, stop);
        return null;
      }
      const ms = Math.max(this.#backoff(tries), result.afterMs ?? 0);
      await this.#keepFailure(result.reason, ms);
      await wait(ms, stop);
    }
    return null;
  }

  /** Twice as long after each failure, up to a bound, and never for all at once. */
  #backoff(tries: number): number {
    const ceiling = BACKOFF_MS * 2 ** Math.min(tries, BACKOFF_DOUBLINGS_MAX);
    return Math.round(Math.min(ceiling, BACKOFF_MAX_MS) * (0.5 + this.#ports.random() / 2));
  }

  async #keepFailure(reason: string, ms: number): Promise<void> {
    const { trail, now, journal } = this.#ports;
    const at = now();
    try {
      this.#row = await keepFailure(trail, this.#row, { reason, retry_at: at + ms }, at);
    } catch (error) {
      if (error instanceof Stale) throw error;
      journal.warn({ err: error }, 'a failed delivery could not be noted');
    }
  }

  /** Nothing is sent before it is kept how far the last batch went: it would only be sent twice. */
  async #keep(done: Omit<Step, 'delivered_last_minute'>): Promise<void> {
    const { trail, now, journal, count } = this.#ports;
    const { app, abort } = this.#settings;
    const at = now();
    const step = { ...done, delivered_last_minute: this.#lastMinute(at, done.delivered) };
    while (!abort.aborted) {
      try {
        this.#row = await takeStep(trail, app, this.#row, step, at);
        break;
      } catch (error) {
        if (error instanceof Stale) throw error;
        journal.warn({ err: error }, 'how far a delivery is could not be kept');
        await wait(TRAIL_PAUSE_MS, abort);
      }
    }
    this.#looked = this.#row.next_seq;
    this.#keptAt = at;
    count('delivered', step.delivered);
    for (const { entries } of step.dead) count('dead', entries.length);
  }

  #lastMinute(now: number, entries: number): number {
    if (entries > 0) this.#recent.push({ at: now, entries });
    while ((this.#recent[0]?.at ?? now) < now - MINUTE_MS) this.#recent.shift();
    return this.#recent.reduce((sum, one) => sum + one.entries, 0);
  }
}

/** What has come of the pieces of a batch so far. */
class Progress {
  readonly #order: ReadonlyMap<number, number>;
  #delivered = 0;
  readonly #dead: DeadRange[] = [];

  constructor({ entries }: DeliverableBatch) {
    this.#order = new Map(entries.map(({ seq }, index) => [seq, index]));
  }

  accept(piece: readonly Deliverable[]): void {
    this.#delivered += piece.length;
  }

  /** Neighbours that died of the same are one range. */
  die(piece: readonly Deliverable[], reason: string): void {
    const last = this.#dead.at(-1);
    if (last?.reason !== reason || !this.#follows(last, piece)) {
      this.#dead.push({ entries: piece, reason });
      return;
    }
    this.#dead[this.#dead.length - 1] = { entries: [...last.entries, ...piece], reason };
  }

  #follows({ entries }: DeadRange, piece: readonly Deliverable[]): boolean {
    const place = (entry: Deliverable | undefined) => this.#order.get(entry?.seq as number);
    return place(piece[0]) === (place(entries.at(-1)) as number) + 1;
  }

  step(next: number) {
    return { next, delivered: this.#delivered, dead: this.#dead };
  }
}

/** Entries that are too large are taken out of a batch before it is sent. */
function oversized(piece: readonly Deliverable[], { entryBytes }: Limits) {
  const index = piece.findIndex(({ json }) => Buffer.byteLength(json) > entryBytes);
  if (index < 0) return null;
  const reason = `larger than the ${entryBytes} bytes that the destination takes`;
  return { kind: 'refused', reason, index, said: { status: null, text: reason } } as const;
}

/** The one that is refused by itself, or halves: the last first, as they go onto a stack. */
function split(
  piece: readonly Deliverable[],
  { index }: { readonly index?: number },
): (readonly Deliverable[])[] {
  const half = Math.ceil(piece.length / 2);
  const cuts = index === undefined ? [0, half, piece.length] : [0, index, index + 1, piece.length];
  return cuts
    .slice(1)
    .map((end, at) => piece.slice(cuts[at], end))
    .filter((part) => part.length > 0)
    .reverse();
}
