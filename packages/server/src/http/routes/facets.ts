import { AffidavitError, FACET_FIELDS, type FieldName } from '@affidavit/schema';

import type { FacetRequest, Facets } from '../../query/facets.ts';
import { parseFilter } from '../../query/filter.ts';
import { readLimit } from '../list.ts';
import type { Context } from '../route.ts';
import { recordRead } from '../trail-reads.ts';

export const FACET_QUERY = ['field', 'limit', 'app_id'] as const;

function readFields(query: Context['query']): FieldName[] {
  const names = [...new Set([query['field'] ?? []].flat())] as FieldName[];
  if (names.length > 0 && names.every((name) => FACET_FIELDS.has(name))) return names;
  throw new AffidavitError('invalid_request', 'field is not one that can be counted', {
    field: 'field',
    expected: `one of ${[...FACET_FIELDS].join(', ')}, or several of them`,
  });
}

/** Of one field the values; of several each with its values, in one look at the trail. */
export async function listFacets(context: Context) {
  const { query, app, services } = context;
  const fields = readFields(query);
  const [field] = fields as [FieldName, ...FieldName[]];
  const isOne = fields.length === 1;
  const filter = parseFilter(query, FACET_QUERY);
  const limit = readLimit(query);
  await recordRead(context, 'events', filter);
  const request: FacetRequest = { app: app.app, fields, filter, limit, mayEstimate: !isOne };
  const found = await services.readers.run<Facets>('facets', request);
  if (isOne) return { field, data: found.fields[field] };
  const { sample } = found;
  return { fields: found.fields, exact: sample === null, ...(sample === null ? {} : { sample }) };
}
