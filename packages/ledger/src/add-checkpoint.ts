import { toBase64 } from './bytes.ts';
import { formatIndex, parseIndex } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { parseHash } from './proof.ts';
import { requireHash } from './sha256.ts';

/**
 * What a log sends to a witness (C2SP tlog-witness, add-checkpoint): the size that the witness has
 * cosigned last, the proof that the log has only grown from it, and the new checkpoint.
 */
export interface AddCheckpoint {
  readonly old: number;
  /** Consistency proof from `old` to the size of the checkpoint; none where `old` is 0. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

const MAX_PROOF_LINES = 63;
const OLD = 'old ';

export function formatAddCheckpoint({ old, hashes, checkpoint }: AddCheckpoint): string {
  if (hashes.length > MAX_PROOF_LINES) {
    throw new LedgerError('invalid_argument', 'A request has 63 proof lines at most.');
  }
  const lines = hashes.map((hash) => `${toBase64(requireHash(hash, 'A hash of the proof'))}\n`);
  return `${OLD}${formatIndex(old)}\n${lines.join('')}\n${checkpoint}`;
}

/** All of it is the attacker's; the checkpoint is not looked at here. */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const split = text.indexOf('\n\n');
  if (split < 0) throw malformed('it has no blank line');
  const [first = '', ...lines] = text.slice(0, split).split('\n', MAX_PROOF_LINES + 2);
  if (!first.startsWith(OLD)) throw malformed('its first line is not the old size');
  if (lines.length > MAX_PROOF_LINES) throw malformed('it has too many hashes');
  return {
    old: parseIndex(first.slice(OLD.length)),
    hashes: lines.map(parseHash),
    checkpoint: text.slice(split + 2),
  };
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not an add-checkpoint request: ${reason}.`);
