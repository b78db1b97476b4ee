import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { eventually, readAll, write } from '../support/trail.ts';

/** Several processes on one database, of which one watches at a time, until it is killed. */

const skip = await whyNoPostgres();
const GROUPS = 30;

suite('processes that share a ledger', { skip }, () => {
  let servers: Affidavit[] = [];
  before(async () => {
    const env = {
      AFFIDAVIT_DATABASE_URL: await (await postgres()).newDatabase(),
      AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    servers = await Promise.all([1, 2, 3].map(() => startAffidavit({ env })));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  test('raise each alarm once, whichever of them dies', async () => {
    const [first] = servers as [Affidavit];
    const rule = { filter: { tenant_id: 'shared' }, group_by: 'actor_id', threshold: 3 };
    const made = await first.request('POST', '/v1/monitors', {
      body: { name: 'Shared', ...rule, window_seconds: 3600 },
    });
    assert.equal(made.status, 201, made.text);
    const events = Array.from({ length: GROUPS }, (_, i) => ({
      event_type: 'file.read',
      tenant_id: 'shared',
      actor_type: 'service',
      actor_id: `service-${i}`,
    }));
    for (const server of [...servers, ...servers.slice(0, 1)]) {
      await write(server, { events });
    }
    // Whoever watches is among those that are killed, or takes over from them.
    for (const doomed of servers.splice(0, 2)) await doomed.kill('SIGKILL');
    const [left] = servers as [Affidavit];
    const raised = () => readAll(left, 'event_type=monitor.raised');
    await eventually('all alarms', async () => (await raised()).length >= GROUPS, 60_000);
    await write(left, { events });
    await eventually(
      'it has caught up',
      async () => {
        const path = `/v1/monitors/${String(made.body.monitor_id)}`;
        const { body } = await left.request('GET', path);
        return Number(body.lag_entries) <= GROUPS + 5;
      },
      60_000,
    );
    const groups = (await raised()).map(({ args }) =>
      JSON.stringify((args as { group: object }).group),
    );
    assert.equal(groups.length, GROUPS);
    assert.equal(new Set(groups).size, GROUPS);
  });
});
