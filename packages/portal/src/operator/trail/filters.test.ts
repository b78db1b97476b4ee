import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cleared, questionOf, tokensOf, toggled, withToken, withoutToken } from './filters.ts';
import { readViews, withView } from './views.ts';

const NOW = Date.parse('2026-11-21T10:00:30.500Z');

test('filters become a question; what is open does not', () => {
  const search = { provider: ['mail', 'crm'], q: 'refund', event: 'evt_1', live: '1', range: '1h' };
  assert.deepEqual(questionOf(search, NOW), {
    provider: ['mail', 'crm'],
    q: ['refund'],
    from: '2026-11-21T09:00:00.000Z',
  });
  assert.equal(tokensOf(search).length, 3);
  assert.deepEqual(cleared(search), { event: 'evt_1', live: '1', range: '1h' });
});

test('values are alternatives, words join, a time takes the place of the range', () => {
  assert.deepEqual(withToken({ provider: 'mail' }, { name: 'provider', value: 'crm' }), {
    provider: ['mail', 'crm'],
  });
  assert.equal(withToken({ q: 'a' }, { name: 'q', value: 'b' })['q'], 'a b');
  const timed = withToken({ range: '1h' }, { name: 'from', value: '2026-11-01' });
  assert.deepEqual(questionOf(timed, NOW), { from: '2026-11-01' });
  assert.deepEqual(withoutToken({ provider: 'mail' }, { name: 'provider', value: 'mail' }), {
    provider: undefined,
  });
  const token = { name: 'outcome', value: 'error' };
  assert.deepEqual(tokensOf(toggled(toggled({}, token), token)), []);
});

test('views that cannot be read are left out; one of the same name is replaced', () => {
  assert.deepEqual(readViews('{'), []);
  assert.deepEqual(readViews('[1,{"name":"a","search":{}}]'), [{ name: 'a', search: {} }]);
  const views = withView(withView([], { name: ' a ', search: { q: '1' } }), {
    name: 'a',
    search: { q: '2' },
  });
  assert.deepEqual(views, [{ name: 'a', search: { q: '2' } }]);
});
