import type { Recorded } from '@affidavit/vault';

import type { Receipt } from '../sequence/submission.ts';

/** Where the first entry of a submission is, as the vault is told. */
export const recorded = (receipt: Receipt): Recorded => {
  const { event_id, seq, created_at } = receipt.events[0] as Receipt['events'][number];
  return { event_id, seq, created_at: new Date(created_at).toISOString() };
};
