import type { Logger } from 'pino';

import type { Duties } from '../duties/duties.ts';
import type { Metrics } from '../http/metrics.ts';
import type { LedgerHead } from '../prove/head.ts';
import { askWitness, type AskPorts, type Outcome, type Target } from './ask.ts';
import type { WitnessView } from './reads.ts';
import {
  dropOldCosignatures,
  keepCosignature,
  keepError,
  raiseConflict,
  type RecordPorts,
} from './record.ts';
import { statusOf } from './status.ts';

/** Between two looks at the ledgers: also the least time between two questions to one witness. */
const PAUSE_MS = 2000;
/** A witness that has cosigned everything is asked again, to see that it is there. */
const IDLE_MS = 5 * 60 * 1000;
const BACKOFF_MS = 4000;
const BACKOFF_MAX_MS = 5 * 60 * 1000;
const BACKOFF_DOUBLINGS_MAX = 7;
/** Ledgers whose witnesses are asked at the same time. */
const ROUNDS_MAX = 8;

export interface FeederPorts extends AskPorts, RecordPorts {
  readonly metrics: Metrics;
  readonly journal: Logger;
  /** At least 0, less than 1. */
  readonly random: () => number;
}

interface Patience {
  failures: number;
  /** Epoch ms. */
  notBefore: number;
}

/**
 * Takes the newest checkpoint of each ledger to its witnesses, in rounds: all witnesses of a ledger
 * are asked about the same one, so that there is always one that has all cosignatures. Nothing
 * waits for it.
 */
export class WitnessFeeder {
  readonly #ports: FeederPorts;
  readonly #patience = new Map<string, Patience>();
  /** By app: under way, or waiting for their turn. */
  readonly #rounds = new Map<number, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free = ROUNDS_MAX;

  constructor(ports: FeederPorts) {
    this.#ports = ports;
  }

  /** Goes on until the signal, then waits for the rounds under way. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal).catch((error: unknown) => {
        this.#ports.journal.warn({ err: error }, 'the witnesses could not be asked');
      });
      await pause(PAUSE_MS, signal);
    }
    await Promise.all(this.#rounds.values());
    this.#ports.metrics.forgetWitnesses();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const all = await this.#ports.readers.run<WitnessView[]>('witnesses', {});
    this.#measure(all);
    for (const [app, witnesses] of Map.groupBy(all, (one) => one.app)) {
      const due = witnesses.filter((witness) => this.#isDue(witness));
      if (due.length === 0 || this.#rounds.has(app)) continue;
      const round = this.#inTurn(() => this.#round(app, due, witnesses, signal))
        .catch((error: unknown) => {
          if (signal.aborted) return;
          this.#ports.journal.warn({ err: error, app }, 'a round of witnesses failed');
        })
        .finally(() => this.#rounds.delete(app));
      this.#rounds.set(app, round);
    }
  }

  /** So many at once, the others in the order in which they came: no ledger is passed over. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #isDue(witness: WitnessView): boolean {
    const now = this.#ports.now();
    const { notBefore } = this.#patienceWith(witness);
    if (now < notBefore) return false;
    const { size, cosigned_size, answered_at } = witness;
    return size !== cosigned_size || now - (answered_at ?? 0) >= IDLE_MS;
  }

  #patienceWith({ app, witness_id }: WitnessView): Patience {
    const key = `${app} ${witness_id}`;
    const patience = this.#patience.get(key) ?? { failures: 0, notBefore: 0 };
    this.#patience.set(key, patience);
    return patience;
  }

  async #round(
    app: number,
    due: readonly WitnessView[],
    witnesses: readonly WitnessView[],
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const target = await this.#newest(app);
    const asked = due.map(async (witness) => {
      try {
        const outcome = await askWitness(this.#ports, witness, target, signal);
        if (!signal.aborted) await this.#settle(witness, target, outcome);
      } catch (error) {
        this.#losePatience(this.#patienceWith(witness));
        throw error;
      }
    });
    const failed = (await Promise.allSettled(asked)).find((one) => one.status === 'rejected');
    await dropOldCosignatures(this.#ports, app, witnesses);
    if (failed) throw failed.reason;
  }

  #newest(app: number): Promise<Target> {
    return this.#ports.readers.run<LedgerHead>('ledgerHead', { app });
  }

  async #settle(witness: WitnessView, target: Target, outcome: Outcome): Promise<void> {
    const patience = this.#patienceWith(witness);
    if (outcome.kind === 'cosigned') {
      patience.failures = 0;
      patience.notBefore = 0;
      return keepCosignature(this.#ports, witness, target, outcome.line);
    }
    // Another process has grown the ledger and had it cosigned; the next round catches up.
    if (outcome.kind === 'ahead' && (await this.#newest(witness.app)).size >= outcome.size) return;
    this.#losePatience(patience);
    if (outcome.kind === 'failed') return keepError(this.#ports, witness, outcome.message);
    const conflict = { reason: outcome.kind, witness_size: outcome.size };
    if (!(await raiseConflict(this.#ports, witness, target, conflict))) return;
    this.#ports.metrics.witnessConflicts.inc();
    const { app_id, name } = witness;
    this.#ports.journal.error({ app_id, witness: name, ...conflict }, 'a witness is in conflict');
  }

  /** Twice as long after each failure, up to a bound, and never for all at once. */
  #losePatience(patience: Patience): void {
    const { now, random } = this.#ports;
    const doublings = Math.min(patience.failures, BACKOFF_DOUBLINGS_MAX);
    const wait = Math.min(BACKOFF_MS * 2 ** doublings, BACKOFF_MAX_MS);
    patience.failures += 1;
    patience.notBefore = now() + wait * (0.5 + random() / 2);
  }

  #measure(witnesses: readonly WitnessView[]): void {
    const { metrics, now } = this.#ports;
    metrics.forgetWitnesses();
    for (const witness of witnesses) {
      const labels = { app_id: witness.app_id, witness: witness.name };
      metrics.witnessLag.set(labels, witness.size - (witness.cosigned_size ?? 0));
      metrics.witnessOk.set(labels, statusOf(witness, now()) === 'ok' ? 1 : 0);
    }
    this.#forgetRemoved(witnesses);
  }

  #forgetRemoved(witnesses: readonly WitnessView[]): void {
    const known = new Set(witnesses.map(({ app, witness_id }) => `${app} ${witness_id}`));
    for (const key of this.#patience.keys()) if (!known.has(key)) this.#patience.delete(key);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    timer.unref();
    signal.addEventListener('abort', end, { once: true });
  });
}

/** One process feeds the witnesses of all ledgers. */
export function keepWitnessed(duties: Duties, ports: FeederPorts): void {
  const feeder = new WitnessFeeder(ports);
  duties.keep('witnesses', (signal) => feeder.run(signal));
}
