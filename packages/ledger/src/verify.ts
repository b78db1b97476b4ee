import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { parseEvidence, proveParts } from './evidence.ts';
import type { ProvedParts } from './evidence.ts';
import { leafHash, parseHeader } from './header.ts';
import type { EntryHeader } from './header.ts';
import { openNote, parseVerifierKey, SIGNATURE_TYPES, verifyEd25519 } from './note.ts';
import type { VerifiedSignature, VerifierKey, VerifySignature } from './note.ts';
import { checkConsistency, checkInclusion, parseHash, parseTlogProof } from './proof.ts';
import { parseRangeProof, RangeVerifier } from './range.ts';
import type { RangeVerdict, TimeRange } from './range.ts';
import type { Sha256 } from './sha256.ts';

/** What the reader trusts, and the two primitives that all else rests on. */
export interface Trust {
  /** Keys of the log, and of witnesses where there are any; texts as `parseVerifierKey` reads. */
  readonly verifiers: readonly (string | VerifierKey)[];
  /** Ed25519; by default that of Web Crypto. */
  readonly verify?: VerifySignature;
  /** SHA-256; by default the one of this package. */
  readonly hash?: Sha256;
}

export interface VerifiedCheckpoint extends Checkpoint {
  /** By given keys; one of them is the log's own. */
  readonly signatures: readonly VerifiedSignature[];
}

export interface VerifiedEntry {
  readonly header: EntryHeader;
  readonly checkpoint: VerifiedCheckpoint;
}

export type VerifiedEvidence = VerifiedEntry & ProvedParts;

/** The head of a log, signed by the log: by a given key whose name is the origin. */
export async function verifyCheckpoint(note: string, trust: Trust): Promise<VerifiedCheckpoint> {
  const keys = trust.verifiers.map((key) =>
    typeof key === 'string' ? parseVerifierKey(key) : key,
  );
  const { text, signatures } = await openNote(note, keys, trust.verify ?? verifyEd25519);
  const checkpoint = parseCheckpoint(text);
  const isLogKey = ({ key }: VerifiedSignature): boolean =>
    key.type === SIGNATURE_TYPES.ed25519 && key.name === checkpoint.origin;
  if (!signatures.some(isLogKey)) {
    throw new LedgerError('unsigned', 'The log itself has not signed this checkpoint.');
  }
  return { ...checkpoint, signatures };
}

/** That an entry is in the log: its header, by a tlog-proof with its checkpoint. */
export async function verifyInclusion(
  headerText: string,
  proofText: string,
  trust: Trust,
): Promise<VerifiedEntry> {
  const proof = parseTlogProof(proofText);
  const checkpoint = await verifyCheckpoint(proof.checkpoint, trust);
  const header = parseHeader(headerText);
  if (header.seq !== proof.index) {
    throw new LedgerError('proof_failed', 'The proof is for another position.');
  }
  const leaf = leafHash(headerText, trust.hash);
  checkInclusion({ ...proof, size: checkpoint.size, root: checkpoint.root, leaf }, trust.hash);
  return { header, checkpoint };
}

/** That a log has only grown from one checkpoint to the other; hashes in base64. */
export async function verifyConsistency(
  olderNote: string,
  newerNote: string,
  hashes: readonly string[],
  trust: Trust,
): Promise<{ readonly older: VerifiedCheckpoint; readonly newer: VerifiedCheckpoint }> {
  const older = await verifyCheckpoint(olderNote, trust);
  const newer = await verifyCheckpoint(newerNote, trust);
  if (older.origin !== newer.origin) {
    throw new LedgerError('proof_failed', 'The checkpoints are of two logs.');
  }
  checkConsistency({ older, newer, hashes: hashes.map(parseHash) }, trust.hash);
  return { older, newer };
}

/**
 * That the headers are all the entries of a log in [from, to), unchanged. The verdict names the
 * first damaged position. A proof that is no proof, or whose checkpoint is not signed, throws.
 */
export async function verifyRange(
  value: unknown,
  options: Trust & TimeRange,
): Promise<RangeVerdict> {
  const proof = parseRangeProof(value);
  const checkpoint = await verifyCheckpoint(proof.checkpoint, options);
  if (proof.origin !== checkpoint.origin) {
    throw new LedgerError('proof_failed', 'The checkpoint is of another log.');
  }
  if (proof.last_seq !== proof.first_seq + proof.headers.length - 1) {
    throw new LedgerError('malformed', 'The number of headers is not what the proof says.');
  }
  const { first_seq } = proof;
  const left = proof.left.map(parseHash);
  const range = new RangeVerifier({ ...options, checkpoint, first_seq, left }, options.hash);
  for (const header of proof.headers) range.add(header);
  return range.finish(proof.right.map(parseHash));
}

/** That an entry is in the log, and that the parts laid open are its contents. */
export async function verifyEvidence(value: unknown, trust: Trust): Promise<VerifiedEvidence> {
  const evidence = parseEvidence(value);
  const { checkpoint: carried } = parseTlogProof(evidence.proof);
  if (evidence.checkpoint !== undefined && evidence.checkpoint !== carried) {
    throw new LedgerError('proof_failed', 'The evidence carries two checkpoints.');
  }
  const entry = await verifyInclusion(evidence.header, evidence.proof, trust);
  return { ...entry, ...proveParts(entry.header, evidence.parts, trust.hash) };
}
