import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { startService, type Service } from '../support/service.ts';
import { eventually } from '../support/trail.ts';
import { act, defineVerb, REFUND } from '../support/verbs.ts';
import { ask, makeAgent, makeApp, makeGrant, problem } from '../support/world.ts';
import type { AgentUnderTest, AppUnderTest } from '../support/world.ts';

/** The fence around actions, where several server processes share a database. */

const skip = await whyNoPostgres();
const DEAD_AFTER_MS = 60_000;

suite('actions on two processes', { skip }, () => {
  let servers: Affidavit[] = [];
  let service: Service;
  let app: AppUnderTest;
  let agent: AgentUnderTest;
  let arrived: () => void = () => undefined;
  before(async () => {
    const env = {
      AFFIDAVIT_DATABASE_URL: await (await postgres()).newDatabase(),
      AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    servers = await Promise.all([startAffidavit({ env }), startAffidavit({ env })]);
    service = await startService(async ({ url }, response) => {
      if (url.includes('never')) return arrived();
      await new Promise((resolve) => setTimeout(resolve, 200));
      response.end(`{"id":"re_1"}`);
    });
    const [one] = servers as [Affidavit];
    app = await makeApp(one, 'shared actions');
    agent = await makeAgent(one, app, 'Ada');
    const secret = 'sk_shared_998877665544';
    await makeGrant(one, app, { provider: 'shop', base_url: service.url, secret });
    await defineVerb(one, app);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await service.close();
  });

  const refund = (server: Affidavit, charge: string, once: string) =>
    act(server, agent, REFUND.verb, { args: { charge } }, once);

  test('a hundred duplicates have one effect, and all get its result', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => refund(servers[i % 2] as Affidavit, 'ch_1', 'p1')),
    );
    assert.equal(service.received.length, 1);
    const other = answers.filter(({ body }) => body.outcome !== 'replayed');
    assert.deepEqual(
      other.map(({ body, text }) => (body.outcome === 'success' ? 'success' : text)),
      ['success'],
    );
  });

  test('the key of a process that died is never used again', async () => {
    const [one, two] = servers as [Affidavit, Affidavit];
    const handling = new Promise<void>((resolve) => (arrived = resolve));
    const lost = refund(one, 'never', 'p2').catch(() => undefined);
    await handling;
    const calls = service.received.length;
    await one.kill('SIGKILL');
    await lost;
    servers = [two];
    const path = `/v1/executions?verb=${encodeURIComponent(REFUND.verb)}&outcome=unknown`;
    const closed = async () =>
      (await ask<{ data: unknown[] }>(two, 200, 'GET', path, { key: app.key })).data.length > 0;
    await eventually('the intent is closed', closed, DEAD_AFTER_MS);
    problem(await refund(two, 'never', 'p2'), 409, 'conflict');
    assert.equal(service.received.length, calls);
  });
});
