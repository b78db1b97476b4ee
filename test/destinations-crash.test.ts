import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';

import { onPostgres } from './support/database.ts';
import { startWebhook } from './support/receivers.ts';
import { startAffidavit, temporaryFolder } from './support/server.ts';
import { eventually, sleep } from './support/trail.ts';
import { ask } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** Deliveries through `kill -9`, and on PostgreSQL by several processes. */

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

interface Shown {
  readonly destination_id: string;
  readonly cursor: number;
  readonly lag_entries: number;
  readonly backfills: readonly { readonly ended_at: string | null }[];
}

suite('deliveries', () => {
  test('lose nothing when the server is killed, again and again', async () => {
    const dataFolder = temporaryFolder();
    const secret = newSecret();
    const receiver = await startWebhook(() => [secret]);
    // It takes a while, and now and then it has a batch although it says otherwise.
    let calls = 0;
    receiver.mood = async () => {
      await sleep(20);
      return ++calls % 5 === 0 ? { status: 500, keeps: true } : { status: 200 };
    };
    const ids: string[] = [];
    // The master key changes under it too.
    const [one, other] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'));
    const keys = [`${other},${one}`, other, other];
    const start = (key = one) => startAffidavit({ dataFolder, env: { AFFIDAVIT_MASTER_KEY: key } });
    let server = await start();
    const config = { url: receiver.url, secret };
    const body = { type: 'webhook', config, batch: { entries: 7, wait_ms: 0 } };
    const made = await ask<Shown>(server, 201, 'POST', '/v1/destinations', { body });
    for (let round = 0; round < 3; round++) {
      const events = Array.from({ length: 70 }, () => newEvent());
      await ask(server, 201, 'POST', '/v1/events', { body: { events } });
      ids.push(...events.map(({ event_id }) => event_id));
      const before = receiver.batches.length;
      await eventually('some batches arrive', () => receiver.batches.length > before + 3);
      await server.kill('SIGKILL');
      server = await start(keys[round]);
    }
    const path = `/v1/destinations/${made.destination_id}`;
    await eventually(
      'the cursor is at the end',
      async () => (await ask<Shown>(server, 200, 'GET', path)).lag_entries === 0,
      60_000,
    );
    assert.deepEqual(receiver.faults, []);
    const seqs = [...new Set(receiver.entries().map(({ seq }) => seq))];
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    const arrived = new Set(receiver.entries().map(({ event_id }) => event_id));
    assert.deepEqual(
      ids.filter((id) => !arrived.has(id)),
      [],
    );
    const repeats = receiver.entries().length - seqs.length;
    // What was kept and denied, and at most a batch for each kill.
    assert.ok(repeats <= 7 * (calls / 5 + 4), `${repeats} repeats`);
    await server.stop();
    await receiver.close();
  });

  test('of a long history go on beside what is new', async () => {
    const server = await startAffidavit();
    for (let batch = 0; batch < 11; batch++) {
      const events = Array.from({ length: 1000 }, () => newEvent());
      await ask(server, 201, 'POST', '/v1/events', { body: { events } });
    }
    const secret = newSecret();
    const receiver = await startWebhook(() => [secret]);
    receiver.mood = async (batch) => {
      // The history is slow.
      if ((batch[0]?.seq ?? 0) < 11_000) await sleep(150);
      return { status: 200 };
    };
    const config = { url: receiver.url, secret };
    const body = { type: 'webhook', config, start: 'beginning' };
    const made = await ask<Shown>(server, 201, 'POST', '/v1/destinations', { body });
    const event = newEvent();
    await ask(server, 201, 'POST', '/v1/events', { body: event });
    await eventually('what is new arrives', () =>
      receiver.entries().some(({ event_id }) => event_id === event.event_id),
    );
    const path = `/v1/destinations/${made.destination_id}`;
    const first = await ask<Shown>(server, 200, 'GET', path);
    assert.equal(first.backfills[0]?.ended_at, null, 'the history is still under way');
    await eventually('the history has arrived', async () => {
      const { backfills } = await ask<Shown>(server, 200, 'GET', path);
      return backfills.every(({ ended_at }) => ended_at !== null);
    });
    const seqs = new Set(receiver.entries().map(({ seq }) => seq));
    for (let seq = 0; seq < 11_000; seq++) assert.ok(seqs.has(seq), `${seq} is missing`);
    assert.deepEqual(receiver.faults, []);
    await server.stop();
    await receiver.close();
  });

  test('are shared by processes without two of the same', { skip: !onPostgres }, async () => {
    const dataFolder = temporaryFolder();
    const servers = await Promise.all([1, 2, 3].map(() => startAffidavit({ dataFolder })));
    const [server] = servers;
    assert.ok(server);
    const secret = newSecret();
    const receivers = await Promise.all([1, 2, 3, 4].map(() => startWebhook(() => [secret])));
    for (const { url } of receivers) {
      const body = { type: 'webhook', config: { url, secret }, batch: { entries: 5 } };
      await ask(server, 201, 'POST', '/v1/destinations', { body });
    }
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const events = Array.from({ length: 20 }, () => newEvent());
      await ask(servers[round % 3]!, 201, 'POST', '/v1/events', { body: { events } });
      ids.push(...events.map(({ event_id }) => event_id));
    }
    for (const receiver of receivers) {
      await eventually('all arrive', () => {
        const arrived = new Set(receiver.entries().map(({ event_id }) => event_id));
        return ids.every((id) => arrived.has(id));
      });
      const seqs = receiver.entries().map(({ seq }) => seq);
      assert.equal(new Set(seqs).size, seqs.length, 'nothing came twice');
      assert.deepEqual(receiver.faults, []);
      await receiver.close();
    }
    await Promise.all(servers.map((one) => one.stop()));
  });
});
