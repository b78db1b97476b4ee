import { AffidavitError } from '@affidavit/schema';

import { INTERVALS_MS, type Interval } from '../query/intervals.ts';
import { single } from './read-request.ts';
import type { Context } from './route.ts';

/** The parameter `interval`; null where it is not given. */
export function readInterval(query: Context['query']): Interval | null {
  const interval = single(query, 'interval');
  if (interval === undefined) return null;
  if (Object.hasOwn(INTERVALS_MS, interval)) return interval as Interval;
  throw new AffidavitError('invalid_request', 'the interval is not known', {
    field: 'interval',
    expected: `one of ${Object.keys(INTERVALS_MS).join(', ')}`,
  });
}
