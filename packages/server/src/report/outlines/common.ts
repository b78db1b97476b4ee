import type { Query } from '../../query/filter.ts';

/** What several reports ask and say. */

export const USE: Query = { category: ['credential', 'api', 'action'] };

export const THROUGH_AFFIDAVIT =
  'It covers what went through Affidavit, and what clients have reported to it (“reported”). What ' +
  'never came near it is not in it.';
export const TWO_ENTRIES =
  'An allowed call is two entries: the credential being released, and how the call ended. A refused ' +
  'call is one.';
