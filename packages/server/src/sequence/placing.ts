import { equalBytes } from '@affidavit/ledger';

import { fillSizes } from '../store/effects.ts';
import type { KnownEntry, NewEntry, StoreTransaction } from '../store/port.ts';
import type { LogBatch } from './batch.ts';
import type { PreparedEvent, Refusal, SequencedEvent, Submission } from './submission.ts';

/** What a submission got inside the transaction; its checkpoint follows when the batch is signed. */
export type Place = { readonly events: SequencedEvent[]; readonly repeated: boolean };
export type Outcome = Place | Refusal;

/** What is asked for before the first of it is answered. */
const ASKED_MAX = 256;

interface Asked {
  readonly submission: Submission;
  readonly refusal: Refusal | null;
  readonly applied: Promise<boolean> | null;
}

/**
 * Gives the submissions of one log their places, in their order. The effects of several are asked
 * for at once where none depends on another: each answer is a way to the database and back.
 */
export class Placing {
  readonly #tx: StoreTransaction;
  readonly #batch: LogBatch;
  readonly #known: Map<string, KnownEntry>;
  readonly #now: () => number;
  readonly #outcomes: Outcome[] = [];
  #asked: Asked[] = [];
  /** Of the events of what is asked. */
  readonly #ids = new Set<string>();

  /** `known` are the entries that are there already; those that are added come to it. */
  constructor(
    tx: StoreTransaction,
    batch: LogBatch,
    known: Map<string, KnownEntry>,
    now: () => number,
  ) {
    this.#tx = tx;
    this.#batch = batch;
    this.#known = known;
    this.#now = now;
  }

  async place(submissions: readonly Submission[]): Promise<Outcome[]> {
    for (const submission of submissions) {
      if (this.#mustWait(submission)) await this.#settle();
      const refusal = this.#refusalOf(submission);
      const applied = refusal === null ? this.#apply(submission) : null;
      if (applied === null && this.#asked.length === 0) {
        this.#outcomes.push(refusal ?? this.#give(submission));
      } else {
        this.#ask({ submission, refusal, applied });
      }
    }
    await this.#settle();
    return this.#outcomes;
  }

  /** Until it is known what those before it did. */
  #mustWait({ events, effects }: Submission): boolean {
    if (this.#asked.length === 0) return false;
    return (
      this.#asked.length === ASKED_MAX ||
      effects.some((effect) => 'sized' in effect) ||
      events.some((event) => this.#ids.has(event.event_id))
    );
  }

  #refusalOf({ deadline, events }: Submission): Refusal | null {
    if (this.#now() > deadline) return { kind: 'expired' };
    const clash = findClash(events, this.#known);
    return clash ? { kind: 'id_taken', event_id: clash.event_id } : null;
  }

  #isRepeated({ events }: Submission): boolean {
    return events.length > 0 && events.every((event) => this.#known.has(event.event_id));
  }

  #apply(submission: Submission): Promise<boolean> | null {
    const { events, effects } = submission;
    if (effects.length === 0 || this.#isRepeated(submission)) return null;
    const fresh = events.filter((event) => !this.#known.has(event.event_id)).length;
    const sizes = { before: this.#batch.size, after: this.#batch.size + fresh };
    return this.#tx.applyEffects(fillSizes(effects, sizes));
  }

  #ask(asked: Asked): void {
    // It is waited for in its turn; until then its failure is nobody's.
    asked.applied?.catch(() => undefined);
    for (const { event_id } of asked.submission.events) this.#ids.add(event_id);
    this.#asked.push(asked);
  }

  async #settle(): Promise<void> {
    for (const { submission, refusal, applied } of this.#asked) {
      const isApplied = applied === null || (await applied);
      const outcome = isApplied ? null : ({ kind: 'effect_conflict' } as const);
      this.#outcomes.push(refusal ?? outcome ?? this.#give(submission));
    }
    this.#asked = [];
    this.#ids.clear();
  }

  #give(submission: Submission): Place {
    const repeated = this.#isRepeated(submission);
    const events = submission.events.map((event) => {
      const entry = this.#known.get(event.event_id) ?? this.#batch.add(event);
      this.#known.set(event.event_id, entry);
      return placeOf(entry);
    });
    return { events, repeated };
  }
}

/** The first event whose id belongs to another one, before it or in the same submission. */
function findClash(
  events: readonly PreparedEvent[],
  known: ReadonlyMap<string, KnownEntry>,
): PreparedEvent | undefined {
  const own = new Map<string, PreparedEvent>();
  return events.find((event) => {
    const holder = known.get(event.event_id) ?? own.get(event.event_id);
    own.set(event.event_id, event);
    return holder !== undefined && !isSame(event, holder);
  });
}

/** Entries are of one event when they were made from the same bytes of the same client. */
function isSame(event: PreparedEvent, holder: KnownEntry | PreparedEvent): boolean {
  if (!holder.fingerprint || !event.fingerprint) return false;
  return equalBytes(holder.fingerprint, event.fingerprint);
}

function placeOf({ event_id, seq, created_at, leaf_hash }: NewEntry | KnownEntry): SequencedEvent {
  return { event_id, seq, created_at, leaf_hash };
}
