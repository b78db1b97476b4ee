import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readScopeMap, scopeMapText } from './scope-map-text.ts';

test('a scope map is the same after it was written and read', () => {
  const map = {
    'mail.read': [{ methods: ['GET', 'HEAD'], paths: ['/messages*', '/labels'] }],
    'mail.send': [{ methods: ['POST'] }, { paths: ['/drafts/*'] }],
  };
  const text = scopeMapText(map);
  assert.equal(
    text,
    'mail.read GET,HEAD /messages* /labels\nmail.send POST\nmail.send * /drafts/*',
  );
  assert.deepEqual(readScopeMap(`\n${text}\n\n`), map);
});

test('a line that says nothing is named', () => {
  assert.deepEqual(readScopeMap('mail.read GET\nmail.send'), { wrongLine: 2 });
  assert.deepEqual(readScopeMap('mail.read *'), { wrongLine: 1 });
});
