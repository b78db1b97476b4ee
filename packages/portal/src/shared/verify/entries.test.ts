import assert from 'node:assert/strict';
import { test } from 'node:test';

import { differences } from './entries.ts';

const entry = {
  event_id: 'evt_1',
  seq: 7,
  created_at: '2026-11-21T09:00:00.000Z',
  parts: { envelope: { provider: 'mail', response_status: 200, scope_granted: ['a'] } },
  missing: ['response_body'],
};

test('what a page shows is held against what was recorded', () => {
  const same = { seq: 7, provider: 'mail', response_status: 200, scope_granted: ['a'], url: null };
  assert.deepEqual(differences(same, entry), []);
  const other = { seq: 8, provider: 'bank', response_status: '200', reason: 'put in' };
  assert.deepEqual(differences(other, entry), Object.keys(other));
});

test('what was erased cannot be compared', () => {
  const erased = { ...entry, parts: {}, missing: ['envelope'] };
  assert.deepEqual(differences({ provider: 'bank' }, erased), []);
});
