import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CommitFeed } from '../sequence/commit-feed.ts';
import { StreamReads } from './stream-reads.ts';

const REQUEST = {
  app: 1,
  filter: { conditions: [], words: [], phrases: [] },
  order: 'asc',
} as const;

test('streams at one place share a read, but none that began before the log grew', async () => {
  const answers: ((chunk: unknown) => void)[] = [];
  const readers = { run: <T>() => new Promise<T>((answer) => answers.push(answer as never)) };
  const commits = new CommitFeed();
  const reads = new StreamReads(readers, commits);
  const request = { ...REQUEST, limit: 200, cursor: 'here' };
  const before = [reads.read(request), reads.read(request)];
  await new Promise(setImmediate);
  assert.equal(answers.length, 1, 'one read for both');
  commits.publish(1, 8);
  const after = [reads.read(request), reads.read(request)];
  await new Promise(setImmediate);
  assert.equal(answers.length, 2, 'who knows of the eighth does not take what may lack it');
  answers[0]?.('without it');
  answers[1]?.('with it');
  assert.deepEqual(await Promise.all(before), ['without it', 'without it']);
  assert.deepEqual(await Promise.all(after), ['with it', 'with it']);
});
