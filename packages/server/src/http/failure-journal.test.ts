import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AffidavitError } from '@affidavit/schema';
import { pino } from 'pino';

import { FailureJournal } from './failure-journal.ts';

test('a failure of each kind is noted once a second, and how many were left out', () => {
  const lines: Record<string, unknown>[] = [];
  const journal = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  let now = 0;
  const failures = new FailureJournal(journal, () => now);
  const overloaded = new AffidavitError('overloaded', 'too much');
  const broken = new AffidavitError('internal', 'broken', { cause: new Error('why') });
  for (let i = 0; i < 1000; i++) failures.note(overloaded, `req_${i}`);
  failures.note(broken, 'req_b');
  assert.deepEqual(
    lines.map(({ code, requestId, msg }) => [code, requestId, msg]),
    [
      ['overloaded', 'req_0', 'too much'],
      ['internal', 'req_b', 'broken'],
    ],
  );
  assert.equal(lines[0]?.err, undefined);
  assert.match(JSON.stringify(lines[1]?.err), /why/);
  now = 1001;
  failures.note(overloaded, 'req_later');
  assert.deepEqual([lines[2]?.requestId, lines[2]?.left_out_since], ['req_later', 999]);
});
