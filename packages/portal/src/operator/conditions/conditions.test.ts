import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LOOKUP_FIELDS } from '@affidavit/schema';

import { CONDITION_NAMES, conditionsOf, filterInWords, filterOf } from './conditions.ts';

test('every field that can be looked up can be chosen, and nothing else', () => {
  assert.deepEqual(CONDITION_NAMES.toSorted(), [...LOOKUP_FIELDS, 'q'].toSorted());
});

test('rows become a filter, and a filter rows', () => {
  const rows = [
    { name: 'event_type', value: 'api.called' },
    { name: 'outcome', value: ' error ' },
    { name: 'event_type', value: 'token.*' },
    { name: 'provider', value: ' ' },
  ];
  const filter = filterOf(rows);
  assert.deepEqual(filter, { event_type: ['api.called', 'token.*'], outcome: 'error' });
  assert.deepEqual(filterOf(conditionsOf(filter)), filter);
  assert.equal(filterInWords(filter), 'event_type is api.called or token.*, and outcome is error');
});
