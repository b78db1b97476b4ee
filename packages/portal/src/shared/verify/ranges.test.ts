import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Progress } from './jobs.ts';
import { LineCount } from './ranges.ts';
import { below } from './reading.ts';

test('progress is counted in entries, wherever the answer is cut', () => {
  const text = '{"first_seq":2,"last_seq":4,"left":[]}\n{}\n{}\n{}\n{"complete":true}\n';
  for (const size of [1, 7, 40, 1000]) {
    const told: Progress[] = [];
    const lines = new LineCount((progress) => told.push(progress));
    for (let at = 0; at < text.length; at += size) {
      lines.add(new TextEncoder().encode(text.slice(at, at + size)));
    }
    assert.deepEqual(told.at(-1), { done: 3, total: 3 });
    assert.ok(told.every(({ done, total }) => done <= total));
  }
});

test('an address keeps what it asks for when something is put below it', () => {
  assert.equal(
    below('/v1/ledgers/app_1?x=1', 'keys', { cursor: 'a b' }),
    '/v1/ledgers/app_1/keys?x=1&cursor=a+b',
  );
  assert.equal(below('/v1/wallet/ledger', ''), '/v1/wallet/ledger');
});
