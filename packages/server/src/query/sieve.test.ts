import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseFilter, type Query } from './filter.ts';
import { sieveOf } from './sieve.ts';

const ENVELOPE =
  '{"context":{"ticket":"T-1"},"dry_run":true,"event_type":"api.called","execution_id":"exe_1",' +
  '"outcome":"success","provider":"slack","reason":"Pay \\"ACME\\"\\nnow","response_status":200}';

const passes = (query: Query) => sieveOf(parseFilter(query, []))(ENVELOPE);

test('what can match passes', () => {
  for (const query of [
    {},
    { provider: 'slack' },
    { provider: ['github', 'slack'], outcome: 'success' },
    { response_status: '200', dry_run: 'true' },
    { event_type: 'api.*' },
    { q: 'acm pay' },
    { q: '"pay"' },
    { q: 'straße' },
  ] as Query[]) {
    assert.ok(passes(query), JSON.stringify(query));
  }
  assert.ok(sieveOf({ conditions: [], words: [], phrases: ['acme"\nnow'] })(ENVELOPE));
  assert.ok(sieveOf({ conditions: [], words: [], phrases: [], finals: true })(ENVELOPE));
});

test('what cannot match does not', () => {
  for (const query of [
    { provider: 'github' },
    { provider: 'slack', outcome: 'error' },
    { response_status: '404' },
    { event_type: 'credential.*' },
    { user: 'usr_1', provider: 'slack' },
    { q: 'acme refund' },
  ] as Query[]) {
    assert.equal(passes(query), false, JSON.stringify(query));
  }
});
