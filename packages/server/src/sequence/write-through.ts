import type { LastingThread } from '../threads/lasting.ts';
import type { Submission, Verdict } from './submission.ts';
import { packBatch, unpackVerdicts, type PackedVerdicts } from './wire.ts';

/** Has the writer thread write a batch; see `LedgerWriter.write`. */
export async function writeThrough(
  writer: LastingThread,
  submissions: readonly Submission[],
): Promise<Verdict[]> {
  const packed = await writer.call<PackedVerdicts>('write', packBatch(submissions));
  return unpackVerdicts(packed, submissions);
}
