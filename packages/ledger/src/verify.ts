import { fromHex, fromUtf8, toHex } from './bytes.ts';
import { ByteSource } from './byte-source.ts';
import type { Chunks } from './byte-source.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { parseEvidence, proveParts } from './evidence.ts';
import type { ProvedParts } from './evidence.ts';
import { leafHash, MAX_HEADER_BYTES, parseHeader } from './header.ts';
import type { EntryHeader } from './header.ts';
import { parseJson } from './json.ts';
import { openNote, parseVerifierKey, SIGNATURE_TYPES, verifyEd25519 } from './note.ts';
import type { OpenedNote, VerifiedSignature, VerifierKey, VerifySignature } from './note.ts';
import { checkConsistency, checkInclusion, parseHash, parseTlogProof } from './proof.ts';
import { parseRangeProof, RangeVerifier } from './range.ts';
import type { RangeProof, RangeVerdict, TimeRange } from './range.ts';
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

/** A note that the log has signed: by a given key whose name is the log's origin. */
export async function openLogNote(
  note: string,
  originOf: (text: string) => string,
  trust: Trust,
): Promise<OpenedNote> {
  const keys = trust.verifiers.map((key) =>
    typeof key === 'string' ? parseVerifierKey(key) : key,
  );
  const opened = await openNote(note, keys, trust.verify ?? verifyEd25519);
  const origin = originOf(opened.text);
  const isLogKey = ({ key }: VerifiedSignature): boolean =>
    key.type === SIGNATURE_TYPES.ed25519 && key.name === origin;
  if (opened.signatures.some(isLogKey)) return opened;
  throw new LedgerError('unsigned', 'The log itself has not signed this.');
}

/** The head of a log, signed by the log. */
export async function verifyCheckpoint(note: string, trust: Trust): Promise<VerifiedCheckpoint> {
  const originOf = (text: string): string => parseCheckpoint(text).origin;
  const { text, signatures } = await openLogNote(note, originOf, trust);
  return { ...parseCheckpoint(text), signatures };
}

/** That an entry is in the log: its header, by a tlog-proof with its checkpoint. */
export async function verifyInclusion(
  headerText: string,
  proofText: string,
  trust: Trust,
): Promise<VerifiedEntry> {
  const header = parseHeader(headerText);
  const leaf_hash = toHex(leafHash(headerText, trust.hash));
  const checkpoint = await verifyReceipt({ seq: header.seq, leaf_hash, proof: proofText }, trust);
  return { header, checkpoint };
}

/** An acknowledged entry: its place, its leaf hash, and the proof of both. */
export interface Receipt {
  readonly seq: number;
  /** 64 hex digits. */
  readonly leaf_hash: string;
  /** C2SP tlog-proof. */
  readonly proof: string;
}

/** That an entry with this leaf hash is in the log, whatever its contents are. */
export async function verifyReceipt(receipt: Receipt, trust: Trust): Promise<VerifiedCheckpoint> {
  const proof = parseTlogProof(receipt.proof);
  const checkpoint = await verifyCheckpoint(proof.checkpoint, trust);
  if (receipt.seq !== proof.index) {
    throw new LedgerError('proof_failed', 'The proof is for another position.');
  }
  const { size, root } = checkpoint;
  checkInclusion({ ...proof, size, root, leaf: fromHex(receipt.leaf_hash) }, trust.hash);
  return checkpoint;
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

/** What came of a check, and the signed head it was made against. */
export interface VerifiedRange extends RangeVerdict {
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * That the headers are all the entries of a log in [from, to), unchanged. The verdict names the
 * first damaged position. A proof that is no proof, or whose checkpoint is not signed, throws.
 */
export async function verifyRange(
  value: unknown,
  options: Trust & TimeRange,
): Promise<VerifiedRange> {
  const proof = parseRangeProof(value);
  const { range, checkpoint } = await openRange(proof, proof.headers.length, options);
  for (const header of proof.headers) range.add(header);
  return { ...range.finish(proof.right.map(parseHash)), checkpoint };
}

/**
 * The same for a proof in lines, in constant memory: the proof without its `headers` in the first
 * line, each header in a line of its own, and `{"complete":true,"headers":n}` in the last.
 */
export async function verifyRangeLines(
  chunks: Chunks,
  options: Trust & TimeRange,
): Promise<VerifiedRange> {
  const source = new ByteSource(chunks);
  const frame = parseRangeLine(await source.line(MAX_FRAME_BYTES));
  const proof = parseRangeProof({ ...frame, headers: [] });
  const count = proof.last_seq - proof.first_seq + 1;
  const { range, checkpoint } = await openRange(proof, count, options);
  for (let i = 0; i < count && range.damage === null; i += 1) {
    range.add(await source.line(MAX_HEADER_BYTES));
  }
  if (range.damage === null) {
    const { complete, headers } = parseRangeLine(await source.line(MAX_HEADER_BYTES));
    if (complete !== true || headers !== count || !(await source.isAtEnd())) {
      throw new LedgerError('malformed', 'The proof does not end where it says.');
    }
  }
  return { ...range.finish(proof.right.map(parseHash)), checkpoint };
}

const MAX_FRAME_BYTES = 4_000_000;

function parseRangeLine(line: Uint8Array): Record<string, unknown> {
  const value = parseJson(fromUtf8(line), 'a range proof');
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new LedgerError('malformed', 'Not a range proof: a line is no object.');
}

async function openRange(
  { origin, first_seq, last_seq, left, checkpoint: note }: RangeProof,
  count: number,
  options: Trust & TimeRange,
): Promise<{ readonly range: RangeVerifier; readonly checkpoint: VerifiedCheckpoint }> {
  const checkpoint = await verifyCheckpoint(note, options);
  if (origin !== checkpoint.origin) {
    throw new LedgerError('proof_failed', 'The checkpoint is of another log.');
  }
  if (last_seq !== first_seq + count - 1) {
    throw new LedgerError('malformed', 'The number of headers is not what the proof says.');
  }
  const start = { ...options, checkpoint, first_seq, left: left.map(parseHash) };
  return { range: new RangeVerifier(start, options.hash), checkpoint };
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
