import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { startService } from '../support/service.ts';
import { assertKept, eventually, getPage, readAll, write } from '../support/trail.ts';
import { makeAgent, makeApp, makeGrant } from '../support/world.ts';
import { newEvent, startWriters, type Load } from '../support/writers.ts';

/** Several server processes on one ledger. */

const skip = await whyNoPostgres();
const PROCESSES = 3;
const DEAD_AFTER_MS = 60_000;

suite('processes that share a database', { skip }, () => {
  const env = {
    AFFIDAVIT_DATABASE_URL: '',
    AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  let servers: Affidavit[] = [];
  const [one, two] = [() => servers[0] as Affidavit, () => servers[1] as Affidavit];
  before(async () => {
    env.AFFIDAVIT_DATABASE_URL = await (await postgres()).newDatabase();
    servers = await Promise.all(Array.from({ length: PROCESSES }, () => startAffidavit({ env })));
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  test('open an empty database together: one app, one ledger, one admin key', async () => {
    const entries = await readAll(one());
    const count = (type: string) => entries.filter((one) => one.event_type === type).length;
    assert.equal(count('ledger.opened'), 1);
    assert.equal(count('api_key.minted'), 1);
    const ledgers = await Promise.all(servers.map((server) => server.request('GET', '/v1/ledger')));
    assert.equal(new Set(ledgers.map(({ body }) => body.vkey)).size, 1);
  });

  test('see at once what another has written, and stream it', async () => {
    const [event] = (await write(one(), newEvent())).events;
    const page = await getPage(two(), `event_id=${event?.event_id}`);
    assert.equal(page.data[0]?.seq, event?.seq);
  });

  test('hear of a key that another made, and of its end', async () => {
    const app = await makeApp(one(), 'shared');
    const asked = { key: app.key };
    assert.equal((await two().request('GET', '/v1/events', asked)).status, 200);
    const { body } = await one().request<{ data: { key_id: string }[] }>('GET', '/v1/keys', asked);
    const id = body.data[0]?.key_id;
    const revoked = await one().request('DELETE', `/v1/keys/${id}?app_id=${app.app_id}`);
    assert.equal(revoked.status, 200, revoked.text);
    await eventually('the other refuses it', async () => {
      return (await two().request('GET', '/v1/events', asked)).status === 401;
    });
  });

  test('write one history, and lose nothing when one is killed under load', async () => {
    const loads = servers.map((server) =>
      startWriters(server, { writers: 8, batch: 20, requests: 10_000 }),
    );
    await eventually('all are at work', () => loads.every((one) => one.acknowledged.size > 200));
    const doomed = servers.pop() as Affidavit;
    await doomed.kill('SIGKILL');
    const survivors = loads.slice(0, -1);
    const before = survivors.map((load) => load.acknowledged.size);
    await eventually('the others go on', () =>
      survivors.every((load, i) => load.acknowledged.size > (before[i] as number) + 200),
    );
    for (const load of loads) load.stop();
    await Promise.all(loads.map((load) => load.done));
    assert.deepEqual(
      survivors.flatMap(({ refused, broken }) => [...refused, ...broken]),
      [],
    );
    const entries = await readAll(one());
    assertKept(loads.flatMap(acknowledgedBy), entries);
    await assertUnderCheckpoint(two(), entries);
    servers.push(await startAffidavit({ env }));
  });

  test('close what a killed one left open', async () => {
    let arrived: () => void = () => undefined;
    const handling = new Promise<void>((resolve) => (arrived = resolve));
    const service = await startService(() => arrived());
    const app = await makeApp(one(), 'crash');
    const agent = await makeAgent(one(), app, 'Ada');
    const grant = { provider: 'pay', base_url: service.url, secret: 'sk_test_0123456789' };
    const { grant_id } = await makeGrant(one(), app, grant);
    const doomed = servers.pop() as Affidavit;
    const body = { method: 'POST', url: '/pay', grant_id, run_id: 'run_crash' };
    const lost = doomed
      .request('POST', '/v1/request', { key: agent.key, body })
      .catch(() => 'lost');
    await handling;
    await doomed.kill('SIGKILL');
    assert.equal(await lost, 'lost');
    const query = `/v1/events?run_id=run_crash&outcome=unknown`;
    await eventually(
      'another process closes the call',
      async () => {
        const { body } = await two().request<{ data: object[] }>('GET', query, { key: app.key });
        return body.data.length === 1;
      },
      DEAD_AFTER_MS,
    );
    await service.close();
  });

  test('refuse a process with another master key, in words', async () => {
    const other = { ...env, AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64') };
    await assert.rejects(startAffidavit({ env: other }), /sealed under another master key/);
  });
});

const acknowledgedBy = (load: Load) => [...load.acknowledged.values()];
