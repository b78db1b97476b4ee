import { fromBase64, toBase64 } from './bytes.ts';
import { LedgerError } from './error.ts';
import { HASH_SIZE, requireHash } from './sha256.ts';

/** The head of a log: that it is called `origin`, has `size` entries, and what they are. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** RFC 6962 root hash, 32 bytes. */
  readonly root: Uint8Array;
}

const SIZE_FORM = /^(?:0|[1-9]\d{0,15})$/;

/** The text that is signed (C2SP tlog-checkpoint): three lines, each with its newline. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || origin.includes('\n')) throw malformed('the origin is one line');
  requireHash(root, 'The root hash');
  return `${origin}\n${formatIndex(size)}\n${toBase64(root)}\n`;
}

/**
 * Reads the text of a note whose signature has been verified; before that it is the attacker's.
 * Extension lines are allowed by the format, mean nothing here, and are ignored.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.length < 3 || lines.includes('')) {
    throw malformed('it is not three lines or more');
  }
  const [origin, size, encodedRoot] = lines as [string, string, string];
  const root = fromBase64(encodedRoot);
  if (root.length !== HASH_SIZE) throw malformed('the root hash is not 32 bytes');
  return { origin, size: parseIndex(size), root };
}

/** Decimal ASCII without leading zeros, as all C2SP formats write sizes and indexes. */
export function formatIndex(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new LedgerError('invalid_argument', 'Not a size or index.');
  }
  return String(value);
}

export function parseIndex(text: string): number {
  const value = SIZE_FORM.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw malformed('a size or index is not a plain decimal');
  return value;
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a checkpoint: ${reason}.`);
