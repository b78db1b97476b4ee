import {
  addSignatures,
  equalBytes,
  LedgerError,
  openNote,
  parseNote,
  type VerifierKey,
} from '@affidavit/ledger';

/** What a witness answers to a checkpoint (C2SP tlog-witness). All of it is an attacker's. */
export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What was sent: the checkpoint, its size, and the size that the witness was taken to know. */
export interface Asked {
  readonly checkpoint: string;
  readonly size: number;
  readonly old: number;
}

export type Meaning =
  /** `line` is the cosignature. */
  | { readonly kind: 'cosigned'; readonly line: string }
  /** It has cosigned another size last. */
  | { readonly kind: 'other_size'; readonly size: number }
  /** It holds another tree of `size` entries. */
  | { readonly kind: 'other_history'; readonly size: number }
  | { readonly kind: 'failed'; readonly message: string };

const SIZE = /^(0|[1-9]\d{0,14})\n$/;

const failed = (message: string): Meaning => ({ kind: 'failed', message });

/** Reads an answer to a proof that is right. */
export async function readAnswer(
  asked: Asked,
  { status, type, body }: WitnessAnswer,
  key: VerifierKey,
): Promise<Meaning> {
  const { old, size } = asked;
  switch (status) {
    case 200:
      return findCosignature(asked.checkpoint, body, key);
    case 409: {
      const told = type.startsWith('text/x.tlog.size') ? SIZE.exec(body)?.[1] : undefined;
      if (told !== undefined && Number(told) !== old) {
        return { kind: 'other_size', size: Number(told) };
      }
      // From the very size that it says it has: there is nothing left but the tree to differ in.
      return old === size
        ? { kind: 'other_history', size }
        : failed('it refused the size that it had asked for');
    }
    case 422:
      return old === 0
        ? failed('it refused a proof of nothing')
        : { kind: 'other_history', size: old };
    case 403:
      return failed('it does not know the key that signs this ledger (403)');
    case 404:
      return failed('it does not know this ledger (404)');
    default:
      return failed(`it answered with status ${status}`);
  }
}

/** The line of this witness among those that came, where its signature holds. */
async function findCosignature(
  checkpoint: string,
  lines: string,
  key: VerifierKey,
): Promise<Meaning> {
  try {
    const note = addSignatures(checkpoint, lines);
    await openNote(note, [key]);
    const { text, signatures } = parseNote(note);
    const at = signatures.findIndex(({ name, id }) => name === key.name && equalBytes(id, key.id));
    const line = note.slice(text.length + 1, -1).split('\n')[at];
    return { kind: 'cosigned', line: `${line}\n` };
  } catch (error) {
    if (error instanceof LedgerError) return failed('its answer holds no cosignature of its key');
    throw error;
  }
}
