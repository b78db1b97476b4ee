import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FACET_FIELDS } from '@affidavit/schema';

import { FACETS } from './facet-fields.ts';

test('every field that can be counted is listed, and nothing else', () => {
  assert.deepEqual(FACETS.map(({ field }) => field).toSorted(), [...FACET_FIELDS].toSorted());
});
