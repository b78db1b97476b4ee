import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import type { TestServer } from '@affidavit/server/testing/postgres';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { assertKept, eventually, readAll, write } from '../support/trail.ts';
import { problem } from '../support/world.ts';
import { newEvent, startWriters } from '../support/writers.ts';

/** The database goes away and comes back under a running server. */

const missing = await whyNoPostgres();
const isOurs = missing === false && (await postgres()).restart !== null;
const skip = missing || (!isOurs && 'the database server is not ours to stop: outages not tested');

suite('a database that goes away', { skip }, () => {
  let database: TestServer;
  let server: Affidavit;
  before(async () => {
    database = await postgres();
    const url = await database.newDatabase();
    server = await startAffidavit({ env: { AFFIDAVIT_DATABASE_URL: url } });
  });
  after(async () => assert.equal(await server.stop(), 0, server.stdout()));

  const isBack = () =>
    eventually('it goes on by itself', async () => {
      const { status } = await server.request('POST', '/v1/events', { body: newEvent() });
      return status === 201;
    });

  test('writes and reads are refused with the reason, and go on by themselves', async () => {
    await write(server, newEvent());
    await database.pause?.stop();
    const written = await server.request('POST', '/v1/events', { body: newEvent() });
    const read = await server.request('GET', '/v1/events?limit=1');
    const ready = await server.request('GET', '/readyz');
    await database.pause?.start();
    for (const answer of [written, read, ready]) {
      const { reason, advice } = problem(answer, 503, 'audit_unavailable');
      assert.equal(reason, 'unreachable');
      assert.equal(advice, 'Bring the database back; the server goes on by itself.');
      assert.equal(answer.headers['retry-after'], '1');
    }
    await isBack();
    assert.equal((await server.request('GET', '/readyz')).status, 200);
  });

  for (const how of ['fast', 'crash'] as const) {
    test(`restarted under load (${how}), it keeps what was acknowledged`, async () => {
      const load = startWriters(server, {
        writers: 16,
        batch: 20,
        requests: 10_000,
        persistent: true,
      });
      await eventually('some load', () => load.acknowledged.size > 300);
      await database.restart?.(how);
      const before = load.acknowledged.size;
      await eventually('it goes on', () => load.acknowledged.size > before + 300);
      load.stop();
      await load.done;
      for (const answer of load.refused) problem(answer, 503, 'audit_unavailable');
      assert.deepEqual(load.broken, []);
      const entries = await readAll(server);
      assertKept(load.acknowledged.values(), entries);
      await assertUnderCheckpoint(server, entries);
    });
  }

  test('a revocation is heard of although the news was cut off', async () => {
    const made = await server.request('POST', '/v1/keys', {
      body: { name: 'short', scopes: ['events:read'] },
    });
    const key = String(made.body.key);
    assert.equal((await server.request('GET', '/v1/events', { key })).status, 200);
    await database.restart?.('crash');
    await isBack();
    const ended = await server.request('DELETE', `/v1/keys/${String(made.body.key_id)}`);
    assert.equal(ended.status, 200, ended.text);
    assert.equal((await server.request('GET', '/v1/events', { key })).status, 401);
  });
});
