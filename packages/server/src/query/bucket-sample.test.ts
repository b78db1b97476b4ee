import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { BucketCounts } from './bucket-counts.ts';
import { parseFilter, type Query } from './filter.ts';
import { countSample } from './bucket-sample.ts';
import { openTrail, soon, type TestTrail } from './trail.fixture.ts';

/** Entries in turns of ten: two say `stop`, the others something that begins alike. */

const ENTRIES = 4096;
const EDGES = [0, 1000, 2000, ENTRIES];

let trail: TestTrail;
before(async () => {
  trail = await openTrail();
  const events = Array.from({ length: ENTRIES }, (_, n) => ({
    event_type: 'note.taken',
    reason: n % 10 < 2 ? 'stop here' : 'stopped here too',
    outcome: n % 10 === 0 ? 'success' : 'error',
  }));
  await trail.append(events);
  await trail.indexer({ small: 512, merged: 2048 }).catchUp(1);
});
after(() => trail.close());

async function sample(query: Query, readMax: number) {
  const filter = parseFilter(query);
  const counts = new BucketCounts(EDGES);
  const size = await trail.snapshot((db) => {
    const search = { db, app: 1, filter, order: 'asc', deadline: soon() } as const;
    return countSample(
      search,
      { span: { first: 0, end: ENTRIES }, by: 'outcome', readMax },
      counts,
    );
  });
  return { counts, size };
}

test('what can be read whole is counted', async () => {
  const { counts, size } = await sample({ q: '"stop here"' }, ENTRIES);
  assert.equal(size, null);
  assert.deepEqual(counts.all, [200, 200, 420]);
  assert.deepEqual(counts.valuesIn(2), { success: 210, error: 210 });
});

test('the rest is estimated from some of it, also where it comes in turns', async () => {
  const { counts, size } = await sample({ q: '"stop here"' }, 400);
  assert.ok(size !== null && size.read > 350 && size.read <= 400);
  assert.equal(size.candidates, ENTRIES);
  for (const [bucket, count] of [200, 200, 420].entries()) {
    const found = counts.all[bucket] as number;
    assert.ok(Math.abs(found - count) < count / 2, `${found} for ${count}`);
    const { success = 0, error = 0 } = counts.valuesIn(bucket);
    assert.ok(Math.abs(success + error - found) <= 1);
  }
});

test('nothing of it is nothing', async () => {
  const { counts, size } = await sample({ q: '"here stopped"' }, 400);
  assert.deepEqual(counts.all, [0, 0, 0]);
  assert.ok(size !== null && size.read > 0);
});
