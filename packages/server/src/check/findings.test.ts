import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Findings, REASONS } from './findings.ts';

test('the document of checks has every reason, in the same words', () => {
  const page = readFileSync(new URL('../../../../docs/checking.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, what]) => [
    name,
    what,
  ]);
  assert.deepEqual(Object.fromEntries(rows), REASONS);
});

test('findings keep the first reason of each place, in order, up to a number', () => {
  const findings = new Findings({ first: 5, end: 100, max: 3 });
  assert.ok(findings.none);
  findings.add(null, 'head');
  findings.add(4, 'missing');
  findings.add(100, 'missing');
  findings.add(50, 'part');
  findings.add(50, 'missing');
  findings.add(9, 'seq');
  findings.add(99, 'tile');
  assert.ok(!findings.more);
  findings.add(10, 'seq');
  assert.ok(findings.more);
  assert.deepEqual(findings.list(), [
    { seq: 9, reason: 'seq' },
    { seq: 50, reason: 'part' },
    { seq: 99, reason: 'tile' },
    { seq: null, reason: 'head' },
  ]);
  assert.deepEqual([findings.within(10, 50), findings.within(10, 51)], [false, true]);
});
