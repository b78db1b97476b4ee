import assert from 'node:assert/strict';
import { test } from 'node:test';

import { retryAfter, words } from './http-send.ts';

const NOW = Date.parse('2026-11-21T08:00:00Z');

test('Retry-After is read as seconds or as a date, within an hour', () => {
  assert.equal(retryAfter('3', NOW), 3000);
  assert.equal(retryAfter(' 0 ', NOW), 0);
  assert.equal(retryAfter('999999', NOW), 3_600_000);
  assert.equal(retryAfter('Sat, 21 Nov 2026 08:00:10 GMT', NOW), 10_000);
  assert.equal(retryAfter('Sat, 21 Nov 2026 07:00:00 GMT', NOW), 0);
  for (const nothing of [undefined, 'soon', '', '-1', ['1', '2']])
    assert.ok((retryAfter(nothing, NOW) ?? 0) === 0, String(nothing));
});

test('an answer is told on one line, with what its status means', () => {
  assert.equal(words({ status: 500, text: ' a\n  b ' }), 'it answered 500: a b');
  assert.equal(
    words({ status: 401, text: '' }),
    'it answered 401 (it does not accept the credential)',
  );
});
