import { AffidavitError, toProblem } from '@affidavit/schema';

import type { Receipts, SignedSize } from '../prove/proofs.ts';
import { toAffidavitError } from './problem.ts';
import { single } from './read-request.ts';
import type { Context } from './route.ts';

/** `?receipt=true` on writes: the proof that an entry is in the ledger comes with its acknowledgement. */

export function wantsReceipt(query: Context['query']): boolean {
  const text = single(query, 'receipt');
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new AffidavitError('invalid_request', 'receipt is neither true nor false', {
    field: 'receipt',
    expected: 'true or false',
  });
}

/** Why there are no proofs, though the entries are durable: to be asked for once more. */
export interface ReceiptError {
  readonly receipt_error: {
    readonly code: string;
    readonly detail: string;
    readonly advice: string;
  };
}

/**
 * Proofs for entries that are durable, under the checkpoint they were acknowledged with or the
 * newest. Never rejects: what is written must not be answered as if it were not.
 */
export async function proveWritten(
  { services, app }: Context,
  seqs: readonly number[],
  signed?: SignedSize,
): Promise<Receipts | ReceiptError> {
  try {
    return await services.receiptReads.prove(app.app, seqs, signed);
  } catch (error) {
    const known = toAffidavitError(error);
    services.journal.error({ err: known.details.cause ?? known }, 'a receipt could not be made');
    const { code, detail } = toProblem(known);
    const advice = 'It is recorded. Ask GET /v1/ledger/proof/inclusion?event_id= for the proof.';
    return { receipt_error: { code, detail, advice } };
  }
}
