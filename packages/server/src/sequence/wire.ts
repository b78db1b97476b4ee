import { HASH_SIZE, SALT_SIZE } from '@affidavit/ledger';

import type { Effect } from '../store/port.ts';
import type {
  PreparedEvent,
  PreparedPart,
  Receipt,
  Refusal,
  SequencedEvent,
  Submission,
  Verdict,
} from './submission.ts';

/**
 * Batches as they cross between the main thread and the writer. Cloning one object for each event
 * costs both threads more than all else they do for it; so a batch is one list of numbers, one of
 * texts and one block of bytes, and each side reads them in the order in which the other wrote them.
 */

export interface PackedBatch {
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
  readonly bytes: Uint8Array;
  /** Effects by the place of their submission; most have none. */
  readonly effects: readonly (readonly [number, readonly Effect[]])[];
}

export interface PackedVerdicts {
  readonly numbers: readonly number[];
  readonly bytes: Uint8Array;
  /** Each checkpoint once: a batch signs one for each app. */
  readonly checkpoints: readonly string[];
  readonly refusals: readonly (readonly [number, Refusal])[];
}

const NO_FINGERPRINT = -1;

/** Reads numbers, texts and bytes in the order in which they were written. */
class Reader {
  readonly #numbers: readonly number[];
  readonly #texts: readonly string[];
  readonly #bytes: Uint8Array;
  #number = 0;
  #text = 0;
  #byte = 0;

  constructor(numbers: readonly number[], texts: readonly string[], bytes: Uint8Array) {
    this.#numbers = numbers;
    this.#texts = texts;
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#number < this.#numbers.length;
  }

  number(): number {
    return this.#numbers[this.#number++] as number;
  }

  text(): string {
    return this.#texts[this.#text++] as string;
  }

  bytes(length: number): Uint8Array {
    this.#byte += length;
    return this.#bytes.subarray(this.#byte - length, this.#byte);
  }
}

/** Numbers: app, deadline, events; of each event retriable, length of its fingerprint, parts. */
export function packBatch(submissions: readonly Submission[]): PackedBatch {
  const numbers: number[] = [];
  const texts: string[] = [];
  const chunks: Uint8Array[] = [];
  const effects: [number, readonly Effect[]][] = [];
  for (const [place, submission] of submissions.entries()) {
    numbers.push(submission.app, submission.deadline, submission.events.length);
    if (submission.effects.length > 0) effects.push([place, submission.effects]);
    for (const { event_id, retriable, fingerprint, parts } of submission.events) {
      texts.push(event_id);
      numbers.push(Number(retriable), fingerprint?.length ?? NO_FINGERPRINT, parts.length);
      if (fingerprint) chunks.push(fingerprint);
      for (const { part, body, commitment, salt } of parts) {
        texts.push(part, body, commitment);
        chunks.push(salt);
      }
    }
  }
  return { numbers, texts, bytes: joined(chunks), effects };
}

export function unpackBatch({ numbers, texts, bytes, effects }: PackedBatch): Submission[] {
  const reader = new Reader(numbers, texts, bytes);
  const effectsAt = new Map(effects);
  const submissions: Submission[] = [];
  while (reader.more) {
    const app = reader.number();
    const deadline = reader.number();
    const events = times(reader.number(), () => readEvent(reader));
    const own = effectsAt.get(submissions.length) ?? [];
    submissions.push({ app, deadline, events, effects: own });
  }
  return submissions;
}

function readEvent(reader: Reader): PreparedEvent {
  const event_id = reader.text();
  const retriable = reader.number() === 1;
  const length = reader.number();
  const count = reader.number();
  const fingerprint = length === NO_FINGERPRINT ? null : reader.bytes(length);
  const parts = times(count, () => readPart(reader));
  return { event_id, retriable, fingerprint, parts };
}

function readPart(reader: Reader): PreparedPart {
  const part = reader.text();
  const body = reader.text();
  const commitment = reader.text();
  return { part, body, commitment, salt: reader.bytes(SALT_SIZE) };
}

/** Numbers: checkpoint, size, repeated; of each event seq and created_at. -1 where it was refused. */
export function packVerdicts(verdicts: readonly Verdict[]): PackedVerdicts {
  const numbers: number[] = [];
  const chunks: Uint8Array[] = [];
  const checkpoints = new Map<string, number>();
  const refusals: [number, Refusal][] = [];
  for (const [place, verdict] of verdicts.entries()) {
    if (!verdict.ok) {
      refusals.push([place, verdict.refusal]);
      continue;
    }
    const { checkpoint, size, repeated, events } = verdict.receipt;
    const known = checkpoints.get(checkpoint) ?? checkpoints.size;
    checkpoints.set(checkpoint, known);
    numbers.push(known, size, Number(repeated));
    for (const { seq, created_at, leaf_hash } of events) {
      numbers.push(seq, created_at);
      chunks.push(leaf_hash);
    }
  }
  return { numbers, bytes: joined(chunks), checkpoints: [...checkpoints.keys()], refusals };
}

/** The verdicts on these submissions, whose ids are not sent back. */
export function unpackVerdicts(
  { numbers, bytes, checkpoints, refusals }: PackedVerdicts,
  submissions: readonly Submission[],
): Verdict[] {
  const reader = new Reader(numbers, [], bytes);
  const refused = new Map(refusals);
  return submissions.map(({ events }, place): Verdict => {
    const refusal = refused.get(place);
    if (refusal) return { ok: false, refusal };
    const checkpoint = checkpoints[reader.number()] as string;
    const size = reader.number();
    const repeated = reader.number() === 1;
    const sequenced = events.map(({ event_id }) => readPlace(reader, event_id));
    const receipt: Receipt = { events: sequenced, checkpoint, size, repeated };
    return { ok: true, receipt };
  });
}

function readPlace(reader: Reader, event_id: string): SequencedEvent {
  const seq = reader.number();
  const created_at = reader.number();
  return { event_id, seq, created_at, leaf_hash: reader.bytes(HASH_SIZE) };
}

function times<T>(count: number, make: () => T): T[] {
  const made: T[] = [];
  for (let i = 0; i < count; i++) made.push(make());
  return made;
}

/** In a block of its own: of one that is shared, all would be cloned. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}
