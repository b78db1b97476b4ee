import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { startPostgres } from './testing/server.ts';
import { checkAll, startWriter, waitUntil, withLogs } from './testing/writers.ts';

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('several processes on one ledger', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());

  test('write one gapless sequence and one chain, from the first entry on', () =>
    withLogs(server, 1, async (url, keys) => {
      const writers = ['a', 'b', 'c'].map((name) => startWriter(url, name));
      await waitUntil('all write', () => writers.every((writer) => writer.acknowledged() >= 15));
      await Promise.all(writers.map((writer) => writer.stop()));
      const entries = (await checkAll(url, keys, writers)).get(1) ?? [];
      const all = writers.flatMap((writer) => writer.told);
      assert.deepEqual(
        all.filter((told) => told.failure),
        [],
      );
      assert.equal(
        entries.length,
        all.reduce((sum, told) => sum + told.sent.length, 0),
      );
    }));

  test('write several logs at once', () =>
    withLogs(server, 3, async (url, keys) => {
      const writers = ['a', 'b'].map((name) => startWriter(url, name, 3));
      await waitUntil('all write', () => writers.every((writer) => writer.acknowledged() >= 20));
      await Promise.all(writers.map((writer) => writer.stop()));
      await checkAll(url, keys, writers);
    }));

  test('go on when one of them is killed under load, again and again', () =>
    withLogs(server, 1, async (url, keys) => {
      const survivor = startWriter(url, 'survivor');
      const victims = [];
      for (let kill = 0; kill < 3; kill++) {
        const victim = startWriter(url, `victim${kill}`);
        victims.push(victim);
        await waitUntil('the victim writes', () => victim.acknowledged() >= 5 + kill);
        await victim.kill();
        const before = survivor.acknowledged();
        await waitUntil('the survivor goes on', () => survivor.acknowledged() > before + 3);
      }
      await survivor.stop();
      await checkAll(url, keys, [survivor, ...victims]);
    }));
});
