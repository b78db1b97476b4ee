import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultsFrom, plan, type Fault } from '../support/faults.ts';
import { grantOn, startProvider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually, readAll } from '../support/trail.ts';

/** A token and the entry that tells of it: both or neither, whatever happens. */

interface Minted {
  readonly token_id: string;
  readonly token: string;
}

const mint = (server: Affidavit, grant_id: string) =>
  server.request<Minted>('POST', '/v1/tokens', { body: { grant_id, run_id: 'run-1' } });

async function tokensOf(server: Affidavit): Promise<string[]> {
  const { body } = await server.request<{ data: Minted[] }>('GET', '/v1/tokens?limit=1000');
  return body.data.map(({ token_id }) => token_id).sort();
}

async function mintedIn(server: Affidavit): Promise<string[]> {
  const entries = await readAll(server);
  const minted = entries.filter(({ event_type }) => event_type === 'token.minted');
  return minted.map(({ token_id }) => String(token_id)).sort();
}

test('a mint that cannot be written gives no token, and each that was written has its entry', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const folder = temporaryFolder();
  const server = await startAffidavit({ env: faultsFrom(folder) });
  context.after(() => server.stop().then(() => undefined));
  const grant_id = await grantOn(server, provider);
  for (const fault of ['die-before-commit', 'die-after-commit'] satisfies Fault[]) {
    plan(folder, fault);
    const answer = await mint(server, grant_id);
    if (fault === 'die-before-commit') assert.equal(answer.status, 503, answer.text);
    if (answer.status !== 201) assert.equal(answer.body.token, undefined);
    await eventually('it writes again', async () => (await mint(server, grant_id)).status === 201);
  }
  assert.deepEqual(await tokensOf(server), await mintedIn(server));
});

test('a server that is killed while it mints knows every token that it gave', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const dataFolder = temporaryFolder();
  const server = await startAffidavit({ dataFolder });
  const grant_id = await grantOn(server, provider);
  const given: Minted[] = [];
  const minting = Array.from({ length: 100 }, async () => {
    const { status, body } = await mint(server, grant_id);
    if (status === 201) given.push(body);
    if (given.length === 20) await server.kill('SIGKILL');
  });
  await Promise.allSettled(minting);
  assert.ok(given.length >= 20);
  const again = await startAffidavit({ dataFolder });
  context.after(() => again.stop().then(() => undefined));
  const known = await tokensOf(again);
  assert.deepEqual(known, await mintedIn(again));
  for (const { token_id, token } of given) {
    assert.ok(known.includes(token_id));
    const call = await again.request('POST', '/v1/request', { key: token, body: { url: '/' } });
    assert.equal(call.status, 200, call.text);
  }
});
