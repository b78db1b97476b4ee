import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import { grantOn, startProvider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually, readAll } from '../support/trail.ts';
import { ask, makeKey } from '../support/world.ts';

/** Crashes between the steps of an approval: it is carried out once, or nobody knows. */

interface Approval extends Record<string, unknown> {
  readonly approval_id: string;
  readonly execution_id: string;
  readonly status: string;
}

async function waiting(server: Affidavit, url: string) {
  const provider = await startProvider();
  const grant_id = await grantOn(server, provider);
  const body = { name: 'look', template: { kind: 'approval' } };
  await ask(server, 201, 'POST', '/v1/policies', { body });
  const asker = await makeKey(server, { key: server.adminKey }, { scopes: ['calls:execute'] });
  const held = await ask<Approval>(server, 202, 'POST', '/v1/request', {
    key: asker.key,
    body: { grant_id, url },
  });
  return { provider, asker, held };
}

const decide = (server: Affidavit, id: string, step: 'approve' | 'reject' = 'approve') =>
  server.request('POST', `/v1/approvals/${id}/${step}`, { body: { reason: 'looked' } });

const show = (server: Affidavit, id: string, key: string) =>
  ask<Approval>(server, 200, 'GET', `/v1/approvals/${id}`, { key });

const typesOf = async (server: Affidavit, execution_id: string) =>
  (await readAll(server))
    .filter((entry) => entry.execution_id === execution_id)
    .map(({ event_type }) => event_type);

test('what was approved and not begun is made once after a crash', async (context) => {
  const dataFolder = temporaryFolder();
  let server = await startAffidavit({ dataFolder });
  const { provider, asker, held } = await waiting(server, '/late');
  context.after(() => provider.close());
  await server.kill('SIGKILL');
  // As if it had died between the entry that approves and the intent.
  const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
  const change = db.prepare("UPDATE approvals SET status = 'approved', decided_at = ?");
  assert.equal(Number(change.run(Date.now()).changes), 1);
  db.close();
  server = await startAffidavit({ dataFolder });
  const { approval_id, execution_id } = held;
  await eventually('it is made', async () => {
    return (await show(server, approval_id, asker.key)).status === 'done';
  });
  await server.kill('SIGKILL');
  server = await startAffidavit({ dataFolder });
  const { result } = await show(server, approval_id, asker.key);
  assert.equal((result as { status: number }).status, 200);
  assert.deepEqual(provider.calls, ['/late']);
  assert.deepEqual(await typesOf(server, execution_id), [
    'approval.requested',
    'credential.retrieved',
    'api.called',
  ]);
  await server.stop();
});

test('what was begun at a crash is not made again, and nobody knows its end', async (context) => {
  const dataFolder = temporaryFolder();
  let server = await startAffidavit({ dataFolder });
  const { provider, asker, held } = await waiting(server, '/never');
  context.after(() => provider.close());
  const { approval_id, execution_id } = held;
  assert.equal((await decide(server, approval_id)).status, 200);
  await eventually('the call is under way', () => provider.calls.length === 1);
  assert.equal((await show(server, approval_id, asker.key)).status, 'running');
  await server.kill('SIGKILL');
  for (let start = 0; start < 2; start++) {
    server = await startAffidavit({ dataFolder });
    const { status, outcome, result } = await show(server, approval_id, asker.key);
    assert.deepEqual([status, outcome, result], ['failed', 'unknown', undefined]);
    assert.equal((await decide(server, approval_id)).status, 409);
    assert.deepEqual(await typesOf(server, execution_id), [
      'approval.requested',
      'approval.approved',
      'credential.retrieved',
      'api.called',
    ]);
    await server.kill('SIGKILL');
  }
  assert.equal(provider.calls.length, 1);
});

test('what waits survives a crash and a new master key, sealed', async (context) => {
  const dataFolder = temporaryFolder();
  const [older, newer] = ['a', 'b'].map((letter) => Buffer.alloc(32, letter).toString('base64'));
  let server = await startAffidavit({ dataFolder, env: { AFFIDAVIT_MASTER_KEY: older } });
  const { provider, asker, held } = await waiting(server, '/kept?note=between-us-4711');
  context.after(() => provider.close());
  await server.kill('SIGKILL');
  const AFFIDAVIT_MASTER_KEY = `${newer},${older}`;
  server = await startAffidavit({ dataFolder, env: { AFFIDAVIT_MASTER_KEY } });
  await server.stop();
  server = await startAffidavit({ dataFolder, env: { AFFIDAVIT_MASTER_KEY: newer } });
  assert.equal((await decide(server, held.approval_id)).status, 200);
  await eventually('it is made', async () => {
    return (await show(server, held.approval_id, asker.key)).status === 'done';
  });
  assert.deepEqual(provider.calls, ['/kept?note=between-us-4711']);
  await server.stop();
  const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
  const rows = JSON.stringify(db.prepare('SELECT * FROM approvals').all());
  db.close();
  assert.doesNotMatch(rows, /between-us-4711/);
});
