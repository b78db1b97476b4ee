import { AffidavitError } from '@affidavit/schema';

import { StoreFailure } from '../store/port.ts';
import { Pace } from './pace.ts';
import type { Receipt, Refusal, Submission, Verdict } from './submission.ts';
import { unavailable } from './unavailable.ts';

export interface SequencerOptions {
  /** Writes a batch; see `LedgerWriter.write`. */
  readonly write: (submissions: readonly Submission[]) => Promise<Verdict[]>;
  /** Takes what the writer has answered; asked often, while requests come in. */
  readonly poll?: () => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** Ms since whenever, never set back: waits end in time though the clock is put right. */
  readonly uptime?: () => number;
  /** Longest wait of a submission, from the call to the answer. */
  readonly deadlineMs: number;
  /** Events that may wait; beyond it callers get `overloaded`. */
  readonly queueLimit: number;
  /** Most events in one commit. */
  readonly batchLimit: number;
  readonly onCommit?: (submission: Submission, receipt: Receipt) => void;
  readonly onFailure?: (failure: StoreFailure) => void;
  /** Called for each submission of a batch that failed and may have been written all the same. */
  readonly onUncertain?: (submission: Submission) => void;
}

export interface SubmitOptions {
  /** Called when the commit came through, or may have, though the caller was told that it failed. */
  readonly onLate?: (() => void) | undefined;
  /** Taken even when the queue is full: the outcome of an intent that was taken. */
  readonly owed?: boolean | undefined;
}

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: Error) => void;
  readonly onLate: (() => void) | undefined;
  /** By `uptime`. */
  readonly expiresAt: number;
  readonly bytes: number;
  settled: boolean;
}

const SWEEP_MS = 50;
/** The writer gives up this much earlier than the caller, so that the caller hears the reason. */
const MARGIN_MS = 250;
const RETRY_AFTER_SECONDS = 1;
/** Where what waits takes longer than this part of its deadline, who comes is sent away at once. */
const WAIT_SHARE = 1 / 2;
/** Submissions may be without events, so that counting those alone is no bound. */
const QUEUE_SUBMISSIONS_MAX = 20_000;
/** Characters of parts that may wait, and that are written in one commit. */
const QUEUE_BYTES_MAX = 128 * 1024 * 1024;
const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Gathers submissions while the writer commits, and hands them over together: group commit. Every
 * wait ends at its deadline, the queue is bounded, and nothing is acknowledged before it is durable.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  #queue: Waiting[] = [];
  #queuedEvents = 0;
  #queuedBytes = 0;
  #inFlight: Waiting[] = [];
  readonly #pace = new Pace();
  #sweeper: NodeJS.Timeout | null = null;
  #lastFailure: StoreFailure | null = null;
  #closed = false;

  readonly #uptime: () => number;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#uptime = options.uptime ?? (() => performance.now());
  }

  get queuedEvents(): number {
    return this.#queuedEvents;
  }

  /** The failure of the newest batch, or null when it was written. */
  get lastFailure(): StoreFailure | null {
    return this.#lastFailure;
  }

  /** Whether what is submitted now would wait too long, or would not be taken at all. */
  get isBehind(): boolean {
    if (this.#isFull(1)) return true;
    const { batchLimit, deadlineMs } = this.#options;
    if (this.#queuedEvents <= batchLimit) return false;
    return this.#pace.expectedMs(this.#queuedEvents) > deadlineMs * WAIT_SHARE;
  }

  /** Throws `overloaded` where so many events would not be taken now: ask before the work. */
  admit(events: number): void {
    const refusal = this.#refusal(events);
    if (refusal) throw refusal;
  }

  /** Resolves when the submission is durable and under a signed checkpoint. */
  submit(
    submission: Omit<Submission, 'deadline'>,
    { onLate, owed = false }: SubmitOptions = {},
  ): Promise<Receipt> {
    const { now, deadlineMs, poll } = this.#options;
    if (this.#inFlight.length > 0) poll?.();
    const refusal = this.#refusal(submission.events.length);
    if (refusal && (!owed || this.#closed)) return Promise.reject(refusal);
    const whole = { ...submission, deadline: now() + deadlineMs - MARGIN_MS };
    const expiresAt = this.#uptime() + deadlineMs;
    const bytes = bytesOf(whole);
    return new Promise((resolve, reject) => {
      const settled = false;
      this.#queue.push({ submission: whole, resolve, reject, onLate, expiresAt, bytes, settled });
      this.#queuedEvents += whole.events.length;
      this.#queuedBytes += bytes;
      this.#sweeper ??= setInterval(() => this.#expire(), SWEEP_MS);
      if (this.#queue.length === 1 && this.#inFlight.length === 0) {
        setImmediate(() => this.#flush());
      }
    });
  }

  /** Waits for what is under way, then refuses everything. */
  async close(): Promise<void> {
    this.#closed = true;
    const end = this.#uptime() + this.#options.deadlineMs;
    while ((this.#queue.length > 0 || this.#inFlight.length > 0) && this.#uptime() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (this.#sweeper) clearInterval(this.#sweeper);
    for (const waiting of this.#inFlight) settle(waiting, unavailable(stuck()));
    for (const waiting of this.#queue.splice(0)) settle(waiting, closing());
  }

  #refusal(events: number): AffidavitError | null {
    if (this.#closed) return closing();
    return this.#isFull(events) ? overloaded() : null;
  }

  #isFull(events: number): boolean {
    if (this.#queue.length >= QUEUE_SUBMISSIONS_MAX) return true;
    if (this.#queuedBytes >= QUEUE_BYTES_MAX) return true;
    return this.#queuedEvents + events > this.#options.queueLimit && this.#queuedEvents > 0;
  }

  #takeBatch(): Waiting[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      events += waiting.submission.events.length;
      bytes += waiting.bytes;
      if (count > 0 && (events > this.#options.batchLimit || bytes > BATCH_BYTES_MAX)) break;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    this.#uncount(batch);
    return batch;
  }

  #uncount(gone: readonly Waiting[]): void {
    for (const { submission, bytes } of gone) {
      this.#queuedEvents -= submission.events.length;
      this.#queuedBytes -= bytes;
    }
  }

  #flush(): void {
    if (this.#inFlight.length > 0 || this.#queue.length === 0) return;
    const live = this.#takeBatch().filter((waiting) => !waiting.settled);
    if (live.length === 0) return this.#flush();
    this.#inFlight = live;
    void this.#commit(live).finally(() => {
      this.#inFlight = [];
      this.#flush();
    });
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    let verdicts: Verdict[];
    const isFull = this.#queue.length > 0;
    const begun = this.#uptime();
    try {
      verdicts = await this.#options.write(batch.map(({ submission }) => submission));
    } catch (error) {
      const failure = error instanceof StoreFailure ? error : stopped(error);
      this.#lastFailure = failure;
      this.#options.onFailure?.(failure);
      for (const waiting of batch) this.#fail(waiting, failure);
      return;
    }
    this.#lastFailure = null;
    const events = batch.reduce((sum, { submission }) => sum + submission.events.length, 0);
    this.#pace.learn(events, this.#uptime() - begun, isFull);
    for (const [index, waiting] of batch.entries()) {
      this.#deliver(waiting, verdicts[index] as Verdict);
    }
  }

  #fail(waiting: Waiting, failure: StoreFailure): void {
    settle(waiting, unavailable(failure));
    if (failure.committed === 'no') return;
    this.#options.onUncertain?.(waiting.submission);
    waiting.onLate?.();
  }

  #deliver(waiting: Waiting, verdict: Verdict): void {
    if (!verdict.ok) return settle(waiting, refused(verdict.refusal));
    try {
      this.#options.onCommit?.(waiting.submission, verdict.receipt);
      if (waiting.settled) waiting.onLate?.();
    } catch (error) {
      // It is durable, whatever those who were told of it make of it.
      this.#options.onFailure?.(stopped(error));
    }
    if (waiting.settled) return;
    waiting.settled = true;
    waiting.resolve(verdict.receipt);
  }

  #expire(): void {
    const now = this.#uptime();
    for (const waiting of [...this.#inFlight, ...this.#queue]) {
      if (waiting.settled || waiting.expiresAt > now) continue;
      this.#lastFailure ??= stuck();
      settle(waiting, unavailable(this.#lastFailure));
    }
    this.#uncount(this.#queue.filter((waiting) => waiting.settled));
    this.#queue = this.#queue.filter((waiting) => !waiting.settled);
    if (this.#queue.length === 0 && this.#inFlight.length === 0 && this.#sweeper) {
      clearInterval(this.#sweeper);
      this.#sweeper = null;
    }
  }
}

function bytesOf({ events }: Submission): number {
  let bytes = 0;
  for (const { parts } of events) for (const { body } of parts) bytes += body.length;
  return bytes;
}

function stuck(): StoreFailure {
  return new StoreFailure('timeout', 'the database does not answer in time');
}

function stopped(cause: unknown): StoreFailure {
  return new StoreFailure('io_error', 'the writer stopped', { committed: 'unknown', cause });
}

function settle(waiting: Waiting, error: Error): void {
  if (waiting.settled) return;
  waiting.settled = true;
  waiting.reject(error);
}

function overloaded(): AffidavitError {
  return new AffidavitError('overloaded', 'too many entries are waiting to be written', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function closing(): AffidavitError {
  return new AffidavitError('overloaded', 'the server is shutting down', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function refused(refusal: Refusal): AffidavitError {
  switch (refusal.kind) {
    case 'id_taken':
      return new AffidavitError(
        'conflict',
        `event_id ${refusal.event_id} belongs to another entry`,
        {
          field: 'event_id',
          expected: 'a new event_id, or exactly the event that was sent with it before',
        },
      );
    case 'effect_conflict':
      return new AffidavitError('conflict', 'the state has changed, or the name is taken');
    case 'expired':
      return unavailable(stuck());
  }
}
