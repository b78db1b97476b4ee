import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scopeWords } from './scope-words.ts';

test('scopes are told in words as far as their names tell them', () => {
  const told = [
    ['mail:read', 'read mail'],
    ['https://www.googleapis.com/auth/gmail.readonly', 'read gmail'],
    ['calendar.events.write', 'read and change calendar events'],
    ['chat:send', 'send chat'],
    ['offline_access', 'go on while you are away'],
    ['xyz', 'use “xyz”'],
    ['constructor', 'use “constructor”'],
    ['a\u202eb', 'use “a\uFFFDb”'],
  ] as const;
  for (const [scope, words] of told) assert.equal(scopeWords(scope), words);
});
