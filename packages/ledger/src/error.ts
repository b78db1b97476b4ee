/** Why the ledger refused. Closed: a caller may switch on it. */
export type LedgerErrorCode =
  /** An argument of the caller is outside its documented domain. */
  | 'invalid_argument'
  /** The value has no RFC 8785 canonical form. */
  | 'not_canonical'
  /** Bytes or text from outside do not have the form they must have. */
  | 'malformed'
  /** No key that was given has signed. */
  | 'unsigned'
  /** A key that was given is named as signer, and its signature is wrong. */
  | 'bad_signature'
  /** Well formed, but what was recomputed is not what was claimed. */
  | 'proof_failed';

/** The one error class of the ledger. Messages name positions and reasons, never contents. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
