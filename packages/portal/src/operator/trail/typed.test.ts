import assert from 'node:assert/strict';
import { test } from 'node:test';

import { completing, readTyped, typedOf } from './typed.ts';

test('conditions, quoted values, phrases and words are told apart', () => {
  assert.deepEqual(readTyped('provider:mail reason refund task_context:"past due" "two words"'), [
    { name: 'provider', value: 'mail' },
    { name: 'task_context', value: 'past due' },
    { name: 'q', value: 'reason refund "two words"' },
  ]);
  assert.deepEqual(readTyped('https://a.test/x'), [{ name: 'q', value: 'https://a.test/x' }]);
  assert.deepEqual(readTyped('event_type:token.* verb:mail:send'), [
    { name: 'event_type', value: 'token.*' },
    { name: 'verb', value: 'mail:send' },
  ]);
  assert.deepEqual(readTyped(' "" '), []);
  assert.deepEqual(readTyped('provider:'), [{ name: 'q', value: 'provider:' }]);
});

test('what was typed can be typed again', () => {
  for (const token of [
    { name: 'provider', value: 'mail' },
    { name: 'task_context', value: 'past due' },
    { name: 'q', value: 'a "b c"' },
  ]) {
    assert.deepEqual(readTyped(typedOf(token)), [token]);
  }
});

test('the last piece is the one that is completed', () => {
  assert.deepEqual(completing('outcome:error prov'), { before: 'outcome:error ', typed: 'prov' });
  assert.deepEqual(completing('provider:ma'), { before: '', name: 'provider', typed: 'ma' });
  assert.deepEqual(completing('x task_context:"past d'), {
    before: 'x ',
    name: 'task_context',
    typed: 'past d',
  });
  assert.deepEqual(completing(''), { before: '', typed: '' });
});
