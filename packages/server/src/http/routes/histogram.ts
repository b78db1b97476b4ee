import { AffidavitError } from '@affidavit/schema';

import { parseFilter } from '../../query/filter.ts';
import {
  BUCKETS_MAX,
  HISTOGRAM_FIELDS,
  type Histogram,
  type HistogramField,
  type HistogramRequest,
} from '../../query/histogram.ts';
import { INTERVALS_MS } from '../../query/intervals.ts';
import { readInterval } from '../interval.ts';
import { single } from '../read-request.ts';
import type { Context } from '../route.ts';
import { recordRead } from '../trail-reads.ts';

export const HISTOGRAM_QUERY = ['interval', 'buckets', 'by', 'app_id'] as const;

const BUCKETS = 60;

function readBuckets(query: Context['query']): number {
  const text = single(query, 'buckets');
  if (text === undefined) return BUCKETS;
  const buckets = Number(text);
  if (/^\d+$/.test(text) && buckets >= 1 && buckets <= BUCKETS_MAX) return buckets;
  throw new AffidavitError('invalid_request', 'buckets is not valid', {
    field: 'buckets',
    expected: `a whole number from 1 to ${BUCKETS_MAX}`,
  });
}

function readField(query: Context['query']): HistogramField | null {
  const name = single(query, 'by');
  if (name === undefined) return null;
  const field = HISTOGRAM_FIELDS.find((one) => one === name);
  if (field) return field;
  throw new AffidavitError('invalid_request', 'by is not a field that is told apart', {
    field: 'by',
    expected: `one of ${HISTOGRAM_FIELDS.join(', ')}`,
  });
}

/** How many entries match, over time. */
export async function showHistogram(context: Context): Promise<Histogram> {
  const { query, app, services } = context;
  const filter = parseFilter(query, HISTOGRAM_QUERY);
  const interval = readInterval(query);
  const request: HistogramRequest = {
    app: app.app,
    filter,
    by: readField(query),
    interval_ms: interval === null ? null : INTERVALS_MS[interval],
    buckets: readBuckets(query),
    now: services.now(),
  };
  if (interval !== null && query['buckets'] !== undefined) {
    throw new AffidavitError('invalid_request', 'interval and buckets are both given', {
      field: 'buckets',
      expected: 'one of interval and buckets',
    });
  }
  await recordRead(context, 'events', filter);
  return services.readers.run<Histogram>('histogram', request);
}
