import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { assertStoredSoundly, assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { grantOn, startProvider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { newEvent, startWriters } from '../support/writers.ts';
import {
  assertKept,
  eventually,
  readAll,
  sleep,
  write,
  type Acknowledged,
  type Entry,
} from '../support/trail.ts';

const KILLS = 3;

test('nothing acknowledged is lost when the process is killed under load', async () => {
  const dataFolder = temporaryFolder();
  const known: Known = { acknowledged: new Map(), sent: new Set() };
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startAffidavit({ dataFolder });
    await checkAfterKill(server, known);
    await retryUnanswered(server, known);
    const load = startWriters(server, { writers: 32, batch: 20, requests: 10_000 });
    await eventually('some load', () => load.acknowledged.size > 500);
    await sleep(kill * 137);
    await server.kill('SIGKILL');
    await load.done;
    assert.ok(load.broken.length > 0, 'it was killed while writers were at work');
    for (const [id, event] of load.acknowledged) known.acknowledged.set(id, event);
    for (const id of load.sent) known.sent.add(id);
  }
  const server = await startAffidavit({ dataFolder });
  const entries = await checkAfterKill(server, known);
  assert.equal(await server.stop(), 0, server.stdout());
  assert.equal(assertStoredSoundly(join(dataFolder, 'affidavit.db')), entries.length);
});

interface Known {
  readonly acknowledged: Map<string, Acknowledged>;
  readonly sent: Set<string>;
}

async function checkAfterKill(server: Affidavit, { acknowledged, sent }: Known): Promise<Entry[]> {
  const entries = await readAll(server);
  assertKept(acknowledged.values(), entries);
  await assertUnderCheckpoint(server, entries);
  const reported = entries.filter((entry) => entry.event_type === 'order.placed');
  const ghosts = reported.filter(({ event_id }) => !sent.has(event_id));
  assert.deepEqual(ghosts, [], 'nothing is there that nobody sent');
  return entries;
}

/** Sending again what got no answer gives it a place: its old one, where it had one. */
async function retryUnanswered(server: Affidavit, { acknowledged, sent }: Known): Promise<void> {
  const places = new Map((await readAll(server)).map((entry) => [entry.event_id, entry]));
  const unanswered = [...sent].filter((id) => !acknowledged.has(id));
  for (const event_id of unanswered.slice(0, 50)) {
    const before = places.get(event_id);
    const caller = String(before?.caller ?? 'writer-0');
    const { events } = await write(server, newEvent({ event_id, caller }));
    const [event] = events as [Acknowledged];
    if (before) assert.equal(event.seq, before.seq);
    acknowledged.set(event_id, event);
  }
}

test('told to stop under load, it answers or refuses everyone and loses nothing', async () => {
  const dataFolder = temporaryFolder();
  const server = await startAffidavit({ dataFolder });
  const options = { writers: 32, batch: 20, requests: 10_000 };
  const load = startWriters(server, options);
  await eventually('some load', () => load.acknowledged.size > 500);
  await server.kill('SIGTERM');
  await load.done;
  assert.equal(await server.stop(), 0, server.stdout());
  for (const { status, body } of load.refused) {
    assert.deepEqual([status, body.code], [503, 'overloaded']);
  }
  const again = await startAffidavit({ dataFolder });
  const entries = await readAll(again);
  assertKept(load.acknowledged.values(), entries);
  const reported = entries.filter((entry) => entry.event_type === 'order.placed');
  assert.equal(reported.length, load.acknowledged.size, 'what was recorded was answered');
  await assertUnderCheckpoint(again, entries);
  assert.equal(await again.stop(), 0);
});

test('told to stop during a brokered call, it lets the call end and records how', async () => {
  const provider = await startProvider();
  const dataFolder = temporaryFolder();
  const server = await startAffidavit({ dataFolder });
  const grant_id = await grantOn(server, provider);
  const body = { grant_id, url: `${provider.url}/slow/700` };
  const call = server.request('POST', '/v1/request', { body });
  await eventually('the call is under way', () => provider.calls.length === 1);
  const stopped = server.kill('SIGTERM');
  const answer = await call;
  assert.equal(answer.status, 200, answer.text);
  await stopped;
  assert.equal(await server.stop(), 0, server.stdout());
  const again = await startAffidavit({ dataFolder });
  const [entry] = await readAll(again, 'event_type=api.called');
  assert.equal(entry?.execution_id, answer.body.execution_id);
  assert.equal(entry?.outcome, 'success');
  assert.equal(await again.stop(), 0);
  await provider.close();
});
