import { setTimeout as sleep } from 'node:timers/promises';

import { equalBytes } from '@affidavit/ledger';

import {
  StoreFailure,
  type Head,
  type KnownEntry,
  type LedgerStore,
  type SigningKey,
  type StoreTransaction,
} from '../store/port.ts';
import { LogBatch, type LogSigner } from './batch.ts';
import { Placing, type Place } from './placing.ts';
import type { Receipt, Submission, Verdict } from './submission.ts';

/** A clock further behind the ledger than this is wrong, not drifting. */
const CLOCK_BEHIND_MAX_MS = 24 * 3600 * 1000;
const READ_BACK_TRIES = 5;
const READ_BACK_WAIT_MS = 1000;
const READ_BACK_PAUSE_MS = 200;

export interface LedgerWriterOptions {
  readonly store: LedgerStore;
  readonly openSigner: (keys: readonly SigningKey[]) => LogSigner;
  /** Epoch ms. */
  readonly now: () => number;
  /** Between tries to read back; the real time by default. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

interface Draft {
  readonly verdicts: Verdict[];
  readonly heads: Map<number, Head>;
}

/**
 * Sequences submissions, one batch at a time: lock the head, give places, sign, commit, and only
 * then say so. Everything it knows of a log is in the head row, so that it can start anew after
 * any failure, and beside other processes.
 */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;
  /** By app, with the verifier keys it was opened for. */
  readonly #signers = new Map<number, { readonly vkeys: string; readonly signer: LogSigner }>();
  /** The furthest head this process has seen durable, by app: a log never goes back behind it. */
  readonly #seen = new Map<number, Head>();

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
  }

  /**
   * Verdicts in the order of the submissions. Throws `StoreFailure`: with `committed: 'no'` nothing
   * was written; with `'unknown'` even reading back did not settle it.
   */
  async write(submissions: readonly Submission[]): Promise<Verdict[]> {
    const deadline = Math.max(...submissions.map((submission) => submission.deadline));
    let draft: Draft | null = null;
    try {
      await this.#options.store.transact(deadline, async (tx) => {
        draft = await this.#sequence(tx, submissions);
      });
    } catch (error) {
      if (!(error instanceof StoreFailure) || error.committed !== 'unknown' || !draft) throw error;
      await this.#settle(draft, submissions, error);
    }
    const { verdicts, heads } = draft as unknown as Draft;
    for (const [app, head] of heads) this.#seen.set(app, head);
    return verdicts;
  }

  /** After a commit of unknown fate: returns when it is there to stay, throws when it is not. */
  async #settle(
    { heads }: Draft,
    submissions: readonly Submission[],
    cause: StoreFailure,
  ): Promise<void> {
    // State without an entry leaves nothing to be read back by.
    if (heads.size === 0 && submissions.some(({ effects }) => effects.length > 0)) throw cause;
    if (!(await this.#readBack([...heads.values()], cause))) {
      throw new StoreFailure(cause.reason, cause.message, { cause });
    }
    // What can be read after a failed sync may still be lost with the power.
    if (cause.reason === 'io_error') throw cause;
  }

  /** Whether the last entries that were sent are there. Locking waits for the commit to end. */
  async #readBack(heads: readonly Head[], cause: StoreFailure): Promise<boolean> {
    const { store, pause = sleep } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await store.transact(Date.now() + READ_BACK_WAIT_MS, async (tx) => {
          for (const head of heads) if (!(await isWritten(tx, head))) return false;
          return true;
        });
      } catch {
        if (tries === READ_BACK_TRIES) throw cause;
        await pause(READ_BACK_PAUSE_MS);
      }
    }
  }

  async #sequence(tx: StoreTransaction, submissions: readonly Submission[]): Promise<Draft> {
    const verdicts = Array.from<Verdict>({ length: submissions.length });
    const heads = new Map<number, Head>();
    const apps = [...new Set(submissions.map((submission) => submission.app))].sort(
      (a, b) => a - b,
    );
    for (const app of apps) {
      const indexes = submissions.flatMap((one, index) => (one.app === app ? [index] : []));
      const places = new Map<number, Place>();
      const batch = await this.#openBatch(tx, app);
      const known = await this.#knownEntries(tx, app, submissions, indexes);
      const own = indexes.map((index) => submissions[index] as Submission);
      const placing = new Placing(tx, batch, known, this.#options.now);
      for (const [place, outcome] of (await placing.place(own)).entries()) {
        const index = indexes[place] as number;
        if ('kind' in outcome) verdicts[index] = { ok: false, refusal: outcome };
        else places.set(index, outcome);
      }
      const head = await this.#closeBatch(tx, batch);
      if (batch.entries.length > 0) heads.set(app, head);
      for (const [index, place] of places) {
        verdicts[index] = { ok: true, receipt: receiptOf(place, head) };
      }
    }
    return { verdicts, heads };
  }

  async #openBatch(tx: StoreTransaction, app: number): Promise<LogBatch> {
    const head = await tx.lockHead(app);
    const seen = this.#seen.get(app);
    const behind = seen !== undefined && (head === null || head.size < seen.size);
    const changed =
      seen !== undefined && head?.size === seen.size && !equalBytes(head.last_leaf, seen.last_leaf);
    if (behind || changed) {
      throw new StoreFailure('damaged', 'the database is behind what this server has signed');
    }
    const now = this.#options.now();
    if (head && head.last_created_at - now > CLOCK_BEHIND_MAX_MS) {
      throw new StoreFailure(
        'clock',
        'the clock of the server is more than a day behind the ledger',
      );
    }
    return new LogBatch(app, head, now);
  }

  async #closeBatch(tx: StoreTransaction, batch: LogBatch): Promise<Head> {
    if (batch.entries.length > 0) return this.#sign(tx, batch);
    const head = await tx.lockHead(batch.app);
    return head ?? { app: batch.app, size: 0, last_created_at: 0, ...NOTHING };
  }

  /** By the keys that this very transaction leaves in force; a retired one is forgotten here too. */
  async #sign(tx: StoreTransaction, batch: LogBatch): Promise<Head> {
    const { app } = batch;
    const keys = await tx.signingKeys(app);
    const vkeys = keys.map((key) => key.verifier_key).join();
    let known = this.#signers.get(app);
    if (known?.vkeys !== vkeys) {
      known = { vkeys, signer: this.#options.openSigner(keys) };
      this.#signers.set(app, known);
    }
    const head = await batch.write(tx, known.signer);
    await keepChanges(tx, keys, head);
    return head;
  }

  async #knownEntries(
    tx: StoreTransaction,
    app: number,
    submissions: readonly Submission[],
    indexes: readonly number[],
  ): Promise<Map<string, KnownEntry>> {
    const ids = indexes.flatMap((index) =>
      (submissions[index] as Submission).events
        .filter((event) => event.retriable)
        .map((event) => event.event_id),
    );
    const found = ids.length === 0 ? [] : await tx.findEntries(app, ids);
    return new Map(found.map((entry) => [entry.event_id, entry]));
  }
}

const NOTHING = {
  last_leaf: new Uint8Array(0),
  frontier: new Uint8Array(0),
  checkpoint: '',
} as const;

/** Keeps the first checkpoint over a change of keys: it stays the proof for who missed the overlap. */
async function keepChanges(
  tx: StoreTransaction,
  keys: readonly SigningKey[],
  { app, checkpoint }: Head,
): Promise<void> {
  for (const { from_size, change, change_checkpoint } of keys) {
    if (change === null || change_checkpoint !== null) continue;
    const where = { app, from_size };
    await tx.applyEffects([
      { op: 'update', table: 'signing_keys', where, set: { change_checkpoint: checkpoint } },
    ]);
  }
}

async function isWritten(tx: StoreTransaction, { app, size, last_leaf }: Head): Promise<boolean> {
  const found = await tx.lockHead(app);
  if (!found || found.size < size) return false;
  return equalBytes(await tx.readLeaves(app, size - 1, size), last_leaf);
}

function receiptOf({ events, repeated }: Place, head: Head): Receipt {
  return { events, repeated, checkpoint: head.checkpoint, size: head.size };
}
