import { LedgerError } from './error.ts';
import {
  formatVerifierKey,
  openNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
  verifyEd25519,
} from './note.ts';
import type { NoteSigner, VerifierKey } from './note.ts';
import type { Sha256 } from './sha256.ts';
import { verifyEvidence } from './verify.ts';
import type { Trust, VerifiedCheckpoint } from './verify.ts';

/**
 * How a log changes its key in the open. The old key and the new one sign a note that names both;
 * the log holds that note in the part `args` of an entry of its own; the first checkpoint over
 * that entry has signatures of both keys. Who knows only the old key follows to the new one.
 */

/** Begins the note. No checkpoint can be read out of it, since a checkpoint's third line is a hash. */
const CHANGE_VERSION = 'affidavit.dev/key-change@v1';

export interface KeyChange {
  readonly origin: string;
  /** Verifier key that signed before. */
  readonly replaces: string;
  /** Verifier key that signs from now on. */
  readonly vkey: string;
}

/** The text that both keys sign: heading, origin, old and new verifier key, a line each. */
export function formatKeyChange({ origin, replaces, vkey }: KeyChange): string {
  return `${CHANGE_VERSION}\n${origin}\n${replaces}\n${vkey}\n`;
}

/** The signed note by which `from` hands a log on to `to`; the name of both is the origin. */
export function signKeyChange(from: NoteSigner, to: NoteSigner, hash?: Sha256): string {
  const [replaces, vkey] = [from, to].map(({ name, publicKey }) =>
    formatVerifierKey(name, publicKey, SIGNATURE_TYPES.ed25519, hash),
  ) as [string, string];
  return signNote(formatKeyChange({ origin: from.name, replaces, vkey }), [from, to], hash);
}

export interface VerifiedKeyChange extends KeyChange {
  /** Place of the entry. The new key signs trees from `seq + 1` entries on. */
  readonly seq: number;
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * That a trusted key of the log has handed it on, in an entry of the log that it has signed for.
 * `evidence` shows the part `args` of that entry; all of it is the attacker's. That an entry says
 * so is not enough, since anyone who may write can add one: the note in it must be signed.
 */
export async function verifyKeyChange(evidence: unknown, trust: Trust): Promise<VerifiedKeyChange> {
  const { header, checkpoint, parts } = await verifyEvidence(evidence, trust);
  const { origin } = checkpoint;
  const { vkey, replaces, note } = readArgs(parts.args);
  const next = parseVerifierKey(vkey, trust.hash);
  const last = trust.verifiers
    .map((key) => (typeof key === 'string' ? parseVerifierKey(key, trust.hash) : key))
    .find((key) => textOf(key, trust.hash) === replaces);
  if (last === undefined) {
    throw new LedgerError('unsigned', 'The key that is replaced is not one of those given.');
  }
  for (const { name, type } of [last, next]) {
    if (name !== origin || type !== SIGNATURE_TYPES.ed25519)
      throw malformed('it is of another log');
  }
  const { text, signatures } = await openNote(note, [last, next], trust.verify ?? verifyEd25519);
  if (signatures.length !== 2)
    throw new LedgerError('unsigned', 'The change is not signed by both keys.');
  if (text !== formatKeyChange({ origin, replaces, vkey }))
    throw malformed('its note names other keys');
  return { origin, replaces, vkey, seq: header.seq, checkpoint };
}

const textOf = (key: VerifierKey, hash?: Sha256): string =>
  formatVerifierKey(key.name, key.publicKey, key.type, hash);

function readArgs(args: unknown): { vkey: string; replaces: string; note: string } {
  const { vkey, replaces, note } = (args ?? {}) as Record<string, unknown>;
  if (typeof vkey === 'string' && typeof replaces === 'string' && typeof note === 'string') {
    return { vkey, replaces, note };
  }
  throw malformed('it names no keys');
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a change of the key: ${reason}.`);

/** A key of a log as `GET /v1/ledger/keys` lists it. */
export interface ListedKey {
  readonly vkey: string;
  /** Evidence of the entry that brought it in; absent for the first key. */
  readonly change?: unknown;
}

/**
 * From a key that is pinned to those that came after it, each brought in by the one before. The
 * list, oldest key first, is the attacker's. Returns the changes; the last names the current key.
 * A pinned key that is not in the list throws `unsigned`.
 */
export async function followKeys(
  keys: readonly ListedKey[],
  pinned: string,
  trust: Omit<Trust, 'verifiers'> = {},
): Promise<readonly VerifiedKeyChange[]> {
  const at = keys.findIndex(({ vkey }) => vkey === pinned);
  if (at < 0) throw new LedgerError('unsigned', 'The pinned key is not a key of this log.');
  const changes: VerifiedKeyChange[] = [];
  let trusted = pinned;
  for (const { vkey, change } of keys.slice(at + 1)) {
    const found = await verifyKeyChange(change, { ...trust, verifiers: [trusted] });
    if (found.vkey !== vkey) throw malformed('it leads to another key than the one listed');
    changes.push(found);
    trusted = found.vkey;
  }
  return changes;
}
