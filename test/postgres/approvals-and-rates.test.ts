import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { postgres, whyNoPostgres } from '../support/database.ts';
import { startAffidavit, type Affidavit } from '../support/server.ts';
import { startService, type Service } from '../support/service.ts';
import { eventually } from '../support/trail.ts';
import { ask, execution, makeAgent, makeApp, makeGrant, makeKey } from '../support/world.ts';
import type { AgentUnderTest, AppUnderTest } from '../support/world.ts';

/** Several processes that count one window, and that may all carry out one approval. */

const skip = await whyNoPostgres();

suite('processes that share a database', { skip }, () => {
  const env = {
    AFFIDAVIT_DATABASE_URL: '',
    AFFIDAVIT_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  let servers: Affidavit[] = [];
  let service: Service;
  let app: AppUnderTest;
  let agent: AgentUnderTest;
  const one = () => servers[0] as Affidavit;
  before(async () => {
    env.AFFIDAVIT_DATABASE_URL = await (await postgres()).newDatabase();
    servers = await Promise.all(Array.from({ length: 3 }, () => startAffidavit({ env })));
    service = await startService();
    app = await makeApp(one(), 'shared');
    agent = await makeAgent(one(), app, 'Ada');
  });
  after(async () => {
    await service.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  async function under(provider: string, template: object): Promise<string> {
    const secret = 'sk_shared_0123456789';
    const { grant_id } = await makeGrant(one(), app, { provider, base_url: service.url, secret });
    const body = { name: provider, template, applies_to: { provider } };
    await ask(one(), 201, 'POST', '/v1/policies', { key: app.key, body });
    const asked = { url: '/', grant_id, scopes: [] };
    for (const server of servers) {
      await eventually('all know the policy', async () => {
        const options = { key: app.key, body: asked };
        const tested = await server.request('POST', '/v1/policies/test', options);
        return JSON.stringify(tested.body).includes(provider);
      });
    }
    return grant_id;
  }

  const call = (server: Affidavit, grant_id: string) =>
    server.request<{ approval_id: string; execution_id: string }>('POST', '/v1/request', {
      key: agent.key,
      body: { url: '/', grant_id },
    });

  test('never let a call more or less through than a rate says', async () => {
    const grant_id = await under('counted', {
      kind: 'rate',
      limit: 23,
      window_seconds: 3600,
    });
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, n) => call(servers[n % 3] as Affidavit, grant_id)),
    );
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 23, statuses.join(' '));
    assert.equal(statuses.filter((status) => status === 403).length, 67);
  });

  test('decide an approval once and carry it out once', async () => {
    const grant_id = await under('watched', { kind: 'approval' });
    const deciders = await Promise.all(
      servers.map(() => makeKey(one(), app, { scopes: ['approvals:decide'] })),
    );
    const calls = service.received.length;
    const { approval_id, execution_id } = (await call(one(), grant_id)).body;
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        (servers[n % 3] as Affidavit).request('POST', `/v1/approvals/${approval_id}/approve`, {
          key: (deciders[n % 3] as { key: string }).key,
          body: { reason: 'fine' },
        }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(answers.filter(({ status }) => status === 409).length, 29);
    const show = () =>
      ask<{ status: string }>(servers[2] as Affidavit, 200, 'GET', `/v1/approvals/${approval_id}`, {
        key: agent.key,
      });
    await eventually('it is made', async () => (await show()).status === 'done');
    assert.equal(service.received.length, calls + 1);
    assert.equal((await execution(one(), app.key, execution_id)).length, 4);
  });
});
