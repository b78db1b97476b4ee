import type { VerifiedRange } from '@affidavit/ledger';

import type { Progress, Verdict } from './jobs.ts';
import { damageWords } from './words.ts';

export type Tell = (progress: Progress) => void;

/** What a check adds to the verdict on the checkpoint. */
export type Found = Partial<Verdict> & Pick<Verdict, 'checked' | 'broken'>;

export function foundIn(verdict: VerifiedRange): Found {
  const { size, checked, first_seq, last_seq, within, broken } = verdict;
  return {
    size,
    checked,
    first_seq,
    last_seq,
    within,
    complete: verdict.ok,
    broken: broken.map(({ seq, reason }) => ({ seq, message: damageWords(reason) })),
  };
}
