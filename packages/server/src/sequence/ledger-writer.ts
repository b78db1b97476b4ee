import { setTimeout as sleep } from 'node:timers/promises';

import { equalBytes } from '@affidavit/ledger';

import {
  StoreFailure,
  type Head,
  type KnownEntry,
  type LedgerStore,
  type NewEntry,
  type SigningKey,
  type StoreTransaction,
} from '../store/port.ts';
import { LogBatch, type LogSigner } from './batch.ts';
import type {
  PreparedEvent,
  Receipt,
  Refusal,
  SequencedEvent,
  Submission,
  Verdict,
} from './submission.ts';

/** A clock further behind the ledger than this is wrong, not drifting. */
const CLOCK_BEHIND_MAX_MS = 24 * 3600 * 1000;
const READ_BACK_TRIES = 5;
const READ_BACK_PAUSE_MS = 200;

export interface LedgerWriterOptions {
  readonly store: LedgerStore;
  readonly openSigner: (key: SigningKey) => LogSigner;
  /** Epoch ms. */
  readonly now: () => number;
}

interface Draft {
  readonly verdicts: Verdict[];
  readonly heads: Map<number, Head>;
}

/** What a submission got inside the transaction; its checkpoint follows when the batch is signed. */
type Place = { readonly events: SequencedEvent[]; readonly repeated: boolean };

/**
 * Sequences submissions, one batch at a time: lock the head, give places, sign, commit, and only
 * then say so. Everything it knows of a log is in the head row, so that it can start anew after
 * any failure, and beside other processes.
 */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;
  readonly #signers = new Map<string, LogSigner>();
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
      const uncertain = error instanceof StoreFailure && error.committed === 'unknown';
      if (!uncertain || !draft) throw error;
      if (!(await this.#readBack(draft, error))) {
        throw new StoreFailure(error.reason, error.message, { cause: error });
      }
    }
    const { verdicts, heads } = draft as unknown as Draft;
    for (const [app, head] of heads) this.#seen.set(app, head);
    return verdicts;
  }

  /** After a commit of unknown fate: whether what was sent is there. */
  async #readBack({ heads }: Draft, cause: StoreFailure): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        for (const head of heads.values()) {
          const row = await this.#options.store.db
            .selectFrom('entries')
            .select('leaf_hash')
            .where('app', '=', head.app)
            .where('seq', '=', head.size - 1)
            .executeTakeFirst();
          if (!row || !equalBytes(row.leaf_hash, head.last_leaf)) return false;
        }
        return true;
      } catch {
        if (tries === READ_BACK_TRIES) throw cause;
        await sleep(READ_BACK_PAUSE_MS);
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
      for (const index of indexes) {
        const outcome = await this.#place(tx, batch, known, submissions[index] as Submission);
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
    if (batch.entries.length > 0) return batch.write(tx, await this.#signer(tx, batch.app));
    const head = await tx.lockHead(batch.app);
    return head ?? { app: batch.app, size: 0, last_created_at: 0, ...NOTHING };
  }

  async #signer(tx: StoreTransaction, app: number): Promise<LogSigner> {
    const key = await tx.signingKey(app);
    if (!key) throw new StoreFailure('damaged', 'a log has no signing key');
    const cached = this.#signers.get(key.verifier_key);
    if (cached) return cached;
    const signer = this.#options.openSigner(key);
    this.#signers.set(key.verifier_key, signer);
    return signer;
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

  async #place(
    tx: StoreTransaction,
    batch: LogBatch,
    known: Map<string, KnownEntry>,
    submission: Submission,
  ): Promise<Place | Refusal> {
    if (this.#options.now() > submission.deadline) return { kind: 'expired' };
    const clash = submission.events.find((event) => isTaken(event, known.get(event.event_id)));
    if (clash) return { kind: 'id_taken', event_id: clash.event_id };
    const repeated =
      submission.events.length > 0 && submission.events.every((event) => known.has(event.event_id));
    if (!repeated && submission.effects.length > 0) {
      if (!(await tx.applyEffects(submission.effects))) return { kind: 'effect_conflict' };
    }
    const events = submission.events.map((event) => {
      const entry = known.get(event.event_id) ?? batch.add(event);
      if (event.retriable) known.set(event.event_id, entry);
      return placeOf(entry);
    });
    return { events, repeated };
  }
}

const NOTHING = {
  last_leaf: new Uint8Array(0),
  frontier: new Uint8Array(0),
  checkpoint: '',
} as const;

/** An id is taken when its entry was not made from the same bytes of the same client. */
function isTaken(event: PreparedEvent, known: KnownEntry | undefined): boolean {
  if (!known) return false;
  if (!known.fingerprint || !event.fingerprint) return true;
  return !equalBytes(known.fingerprint, event.fingerprint);
}

function placeOf({ event_id, seq, created_at, leaf_hash }: NewEntry | KnownEntry): SequencedEvent {
  return { event_id, seq, created_at, leaf_hash };
}

function receiptOf({ events, repeated }: Place, head: Head): Receipt {
  return { events, repeated, checkpoint: head.checkpoint, size: head.size };
}
