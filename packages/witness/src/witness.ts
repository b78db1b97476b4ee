import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';

import {
  checkConsistency,
  cosign,
  EMPTY_ROOT,
  equalBytes,
  formatVerifierKey,
  LedgerError,
  openNote,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  SIGNATURE_TYPES,
  type AddCheckpoint,
  type Checkpoint,
  type NoteSigner,
  type Sha256,
  type VerifierKey,
} from '@affidavit/ledger';

import type { Cosigned, Identity, WitnessState } from './state.ts';

/**
 * The protocol (C2SP tlog-witness v1.0.0). A witness cosigns a checkpoint of a log that it knows
 * when the log has signed it and has only grown since the last one: nobody can be shown another
 * history with the signature of this witness.
 */

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface WitnessOptions {
  readonly state: WitnessState;
  /** Keys of the logs, by their origins; several for one while its keys overlap. */
  readonly logs: readonly VerifierKey[];
  /** Epoch ms. */
  readonly now: () => number;
}

const TEXT = 'text/plain; charset=utf-8';
const SIZE = 'text/x.tlog.size';

const nativeSha256: Sha256 = (...chunks) => hash('sha256', Buffer.concat(chunks), 'buffer');

/** A request that is not cosigned. */
class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, message: string, type = TEXT) {
    super(message);
    this.answer = { status, type, body: `${message}\n` };
  }
}

export class Witness {
  readonly #state: WitnessState;
  readonly #logs: ReadonlyMap<string, readonly VerifierKey[]>;
  readonly #now: () => number;
  readonly #signer: NoteSigner;

  constructor({ state, logs, now }: WitnessOptions) {
    this.#state = state;
    this.#logs = Map.groupBy(logs, (key) => key.name);
    this.#now = now;
    this.#signer = signerOf(state.identity);
  }

  /** The verifier key by which cosignatures of this witness are known. */
  get vkey(): string {
    const { name, publicKey } = this.#signer;
    return formatVerifierKey(name, publicKey, SIGNATURE_TYPES.cosignature, nativeSha256);
  }

  /** The newest checkpoint cosigned for a log, as a note with both signatures, or null. */
  newest(origin: string): string | null {
    return this.#state.newest(origin)?.checkpoint ?? null;
  }

  get origins(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /**
   * `POST /add-checkpoint`. All of the body is the attacker's. What is answered with 200 is on
   * stable storage. Rejects where that fails; then nothing was cosigned.
   */
  async addCheckpoint(body: string): Promise<Answer> {
    try {
      const request = readRequest(body);
      const checkpoint = parsed(() => parseCheckpoint(parseNote(request.checkpoint).text));
      const keys = this.#logs.get(checkpoint.origin);
      if (keys === undefined) throw new Refusal(404, 'this witness does not know the log');
      const note = await signedBy(keys, request.checkpoint);
      const lines = this.#advance(request, checkpoint, note);
      return { status: 200, type: TEXT, body: lines };
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  /** In one step: from what was cosigned last to this, or not at all. */
  #advance({ old, hashes }: AddCheckpoint, checkpoint: Checkpoint, note: SignedNote): string {
    if (old > checkpoint.size) {
      throw new Refusal(400, 'the old size is larger than that of the checkpoint');
    }
    return this.#state.advance(checkpoint.origin, (newest) => {
      requireGrowth({ old, hashes }, checkpoint, newest);
      const time = Math.floor(this.#now() / 1000);
      const line = cosign(note.text, this.#signer, time, nativeSha256);
      const kept = `${note.text}\n${note.lines}${line}`;
      return [{ size: checkpoint.size, root: checkpoint.root, checkpoint: kept }, line];
    });
  }
}

function signerOf({ name, private_key }: Identity): NoteSigner {
  const der = Buffer.from(private_key);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = Buffer.from(jwk.x as string, 'base64url');
  return { name, publicKey, sign: (message) => sign(null, message, privateKey) };
}

/** What does not have the form it must have is answered with 400. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof LedgerError) throw new Refusal(400, error.message);
    throw error;
  }
}

const readRequest = (body: string) => parsed(() => parseAddCheckpoint(body));

interface SignedNote {
  readonly text: string;
  /** Signature lines of keys that are known; others are not kept. */
  readonly lines: string;
}

/** The note, where a known key of the log has signed it. One wrong signature of theirs refuses it. */
async function signedBy(keys: readonly VerifierKey[], note: string): Promise<SignedNote> {
  try {
    await openNote(note, keys);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new Refusal(403, error.message);
  }
  const { text, signatures } = parseNote(note);
  const lines = note.slice(text.length + 1, -1).split('\n');
  const known = lines.filter((_, index) => {
    const { name, id } = signatures[index] as (typeof signatures)[number];
    return keys.some((key) => key.name === name && equalBytes(key.id, id));
  });
  return { text, lines: known.map((line) => `${line}\n`).join('') };
}

/** Throws a refusal unless the log has only grown from what was cosigned last. */
function requireGrowth(
  { old, hashes }: Pick<AddCheckpoint, 'old' | 'hashes'>,
  newer: Checkpoint,
  newest: Cosigned | null,
): void {
  const older = newest ?? { size: 0, root: EMPTY_ROOT };
  if (old !== older.size) throw new Refusal(409, String(older.size), SIZE);
  if (newest !== null && old === newer.size && !equalBytes(older.root, newer.root)) {
    throw new Refusal(409, 'another tree of this size has been cosigned');
  }
  try {
    checkConsistency({ older, newer, hashes }, nativeSha256);
  } catch (error) {
    if (error instanceof LedgerError) throw new Refusal(422, error.message);
    throw error;
  }
}
