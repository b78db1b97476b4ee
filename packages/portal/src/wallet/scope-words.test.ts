import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scopeWords } from './scope-words.ts';

test('scopes are told in words as far as their names tell them', () => {
  const told = [
    ['mail:read', 'read your mail'],
    ['https://www.googleapis.com/auth/gmail.readonly', 'read your Gmail'],
    ['calendar.events.write', 'read and change your calendar events'],
    ['chat:send', 'send chat'],
    ['repo:read', 'read your repositories'],
    ['offline_access', 'go on while you are away'],
    ['xyz', 'use “xyz”'],
    ['constructor', 'use “constructor”'],
    ['a\u202eb', 'use “a\uFFFDb”'],
  ] as const;
  for (const [scope, words] of told) assert.equal(scopeWords(scope), words);
});
