import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  deadProcesses,
  forgetProcess,
  releaseLease,
  renewLease,
  seen,
  takeLease,
} from './leases.ts';
import { PostgresStore } from './store.ts';
import { startPostgres } from './testing/server.ts';
import { waitUntil } from './testing/writers.ts';

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;
const LONG = 60_000;

describe('leases', { skip }, () => {
  if (typeof server === 'string') return;
  let url = '';
  let one: PostgresStore;
  let two: PostgresStore;
  before(async () => {
    url = await server.newDatabase();
    one = new PostgresStore({ url });
    two = new PostgresStore({ url });
  });
  after(async () => {
    await Promise.all([one.close(), two.close()]);
    await server.dropDatabase(url);
    await server.close();
  });

  test('belong to one holder at a time', async () => {
    const taken = await Promise.all([
      takeLease(one.db, 'sweep', 'a', LONG),
      takeLease(two.db, 'sweep', 'b', LONG),
    ]);
    assert.equal(taken.filter(Boolean).length, 1);
    const [holder, other] = taken[0] ? ['a', 'b'] : ['b', 'a'];
    assert.equal(await takeLease(one.db, 'sweep', holder, LONG), true);
    assert.equal(await renewLease(one.db, 'sweep', holder, LONG), true);
    assert.equal(await renewLease(two.db, 'sweep', other, LONG), false);
    await releaseLease(two.db, 'sweep', other);
    assert.equal(await takeLease(two.db, 'sweep', other, LONG), false);
    await releaseLease(one.db, 'sweep', holder);
    assert.equal(await takeLease(two.db, 'sweep', other, LONG), true);
  });

  test('of different names are apart', async () => {
    assert.equal(await takeLease(one.db, 'deliver', 'a', LONG), true);
    assert.equal(await takeLease(two.db, 'watch', 'b', LONG), true);
  });

  test('that ran out are free, and cannot be renewed', async () => {
    assert.equal(await takeLease(one.db, 'short', 'a', 1), true);
    await waitUntil('it is free', () => takeLease(two.db, 'short', 'b', LONG));
    assert.equal(await renewLease(one.db, 'short', 'a', LONG), false);
    assert.equal(await takeLease(one.db, 'gone', 'a', 1), true);
    await sleep(20);
    assert.equal(await renewLease(one.db, 'gone', 'a', LONG), false);
  });

  test('processes that were not seen for long are dead, until they are seen', async () => {
    await seen(one.db, 'prc_1');
    await seen(two.db, 'prc_2');
    assert.deepEqual(await deadProcesses(one.db, LONG), []);
    await sleep(30);
    await seen(two.db, 'prc_2');
    assert.deepEqual(await deadProcesses(one.db, 25), ['prc_1']);
    await seen(one.db, 'prc_1');
    assert.deepEqual(await deadProcesses(one.db, LONG), []);
    await forgetProcess(one.db, 'prc_1');
    await sleep(5);
    assert.deepEqual(await deadProcesses(one.db, 0), ['prc_2']);
  });
});
