import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { faultsFrom, isPlanned, plan, type Fault } from '../support/faults.ts';
import { grantOn, startProvider, type Provider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually } from '../support/trail.ts';
import { ask, makeKey } from '../support/world.ts';

/** Each write of an approval, and of a counted call, failing before and after it is durable. */

interface Approval extends Record<string, unknown> {
  readonly approval_id: string;
  readonly status: string;
}

suite('where a write fails', () => {
  const folder = temporaryFolder();
  let server: Affidavit;
  let provider: Provider;
  let watched: string;
  let counted: string;
  let asker: { key: string };
  before(async () => {
    const env = { AFFIDAVIT_WRITE_DEADLINE_MS: '1500', ...faultsFrom(folder) };
    server = await startAffidavit({ env });
    provider = await startProvider();
    watched = await grantOn(server, provider, 'watched');
    counted = await grantOn(server, provider, 'counted');
    asker = await makeKey(server, { key: server.adminKey }, { scopes: ['calls:execute'] });
    const save = (template: object, of: string) =>
      ask(server, 201, 'POST', '/v1/policies', {
        body: { name: of, template, applies_to: { provider: of } },
      });
    await save({ kind: 'approval' }, 'watched');
    await save({ kind: 'rate', limit: 3, window_seconds: 3600 }, 'counted');
  });
  after(async () => {
    await server.stop();
    await provider.close();
  });

  const call = (grant_id: string, url = '/orders') =>
    server.request<Approval>('POST', '/v1/request', {
      key: asker.key,
      body: { grant_id, url },
    });
  const list = async () =>
    (await ask<{ data: Approval[] }>(server, 200, 'GET', '/v1/approvals', { key: asker.key })).data;
  const show = (id: string) =>
    ask<Approval>(server, 200, 'GET', `/v1/approvals/${id}`, { key: asker.key });
  const approve = (id: string) =>
    server.request('POST', `/v1/approvals/${id}/approve`, { body: { reason: 'fine' } });

  /** Asks while the next commit fails; then waits until writes go through again. */
  async function failing(fault: Fault, work: () => Promise<{ status: number; text: string }>) {
    plan(folder, fault);
    const answer = await work();
    assert.equal(answer.status, 503, answer.text);
    await eventually('the fault', () => !isPlanned(folder, fault));
    await eventually('it is ready', async () => {
      return (await server.request('GET', '/readyz')).status === 200;
    });
  }

  const held = async (url?: string) => {
    const answer = await call(watched, url);
    assert.equal(answer.status, 202, answer.text);
    return answer.body.approval_id;
  };

  test('a request that is not written does not wait, and one that is waits', async () => {
    await failing('die-before-commit', () => call(watched));
    assert.deepEqual(await list(), []);
    await failing('die-after-commit', () => call(watched));
    const [waiting] = await list();
    assert.equal(waiting?.status, 'pending');
    assert.equal(provider.calls.length, 0);
    assert.equal((await approve(waiting?.approval_id as string)).status, 200);
    await eventually('it is made', () => provider.calls.length === 1);
  });

  test('an approval that is not written changes nothing, and one that is is carried out', async () => {
    const calls = provider.calls.length;
    const id = await held();
    await failing('die-before-commit', () => approve(id));
    assert.equal((await show(id)).status, 'pending');
    await failing('die-after-commit', () => approve(id));
    await eventually('it is made', async () => (await show(id)).status === 'done');
    assert.equal(provider.calls.length, calls + 1);
    assert.equal((await approve(id)).status, 409);
  });

  test('an outcome that is not written at first is kept, with the answer for who asked', async () => {
    const calls = provider.calls.length;
    const id = await held('/slow/1500');
    assert.equal((await approve(id)).status, 200);
    await eventually('it is under way', () => provider.calls.length === calls + 1);
    plan(folder, 'die-before-commit');
    await eventually('it has ended', async () => (await show(id)).status === 'done');
    const { result } = await show(id);
    assert.equal((result as { status: number }).status, 200);
    assert.equal(provider.calls.length, calls + 1);
  });

  test('a place is taken by what is written, and by nothing else', async () => {
    await failing('die-before-commit', () => call(counted));
    await failing('die-after-commit', () => call(counted));
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await call(counted)).status);
    assert.deepEqual(statuses, [200, 200, 403]);
  });
});
