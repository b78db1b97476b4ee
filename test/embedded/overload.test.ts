import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { grantOn, startProvider } from '../support/provider.ts';
import { startAffidavit, type Affidavit, type Answer } from '../support/server.ts';
import { eventually, readAll, sleep, write } from '../support/trail.ts';
import { newEvent } from '../support/writers.ts';

/** The queue holds 20,000 events, and one batch of 2,000 can be under way besides. */
const QUEUE = 20_000;
const ROOM = 22;
const FLOOD = 100;
const BATCH = 1000;
/** Fifteen megabytes each: four of them may be under way, in 64 MiB. */
const LARGE_BATCH = 250;
const LARGE_ROOM = 4;
const LARGE_FLOOD = 7;

/** Whatever room is left below a whole batch, these take it. */
const REST = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1, 1];

const batch = (length = BATCH) => ({ events: Array.from({ length }, () => newEvent()) });

function lock(server: Affidavit): () => void {
  const other = new DatabaseSync(join(server.dataFolder, 'affidavit.db'));
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

async function queued(server: Affidavit): Promise<number> {
  const { text } = await server.request('GET', '/metrics');
  return Number(/^affidavit_queued_events (\d+)$/m.exec(text)?.[1]);
}

const assertOverloaded = ({ status, body, headers, text }: Answer) => {
  assert.deepEqual([status, body.code, headers['retry-after']], [503, 'overloaded', '1'], text);
};

test('a flood is refused at once beyond what can wait, and all is well after it', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const env = { AFFIDAVIT_WRITE_DEADLINE_MS: '20000' };
  const server = await startAffidavit({ env });
  context.after(async () => assert.equal(await server.stop(), 0, server.stdout()));
  const grant_id = await grantOn(server, provider);
  const call = (path: string) =>
    server.request('POST', '/v1/request', { body: { grant_id, url: provider.url + path } });

  const slow = call('/slow/1000');
  await eventually('a call is under way', () => provider.calls.length === 1);
  const release = lock(server);
  let refusals = 0;
  const report = async (length: number) => {
    const answer = await server.request('POST', '/v1/events', { body: batch(length) });
    if (answer.status !== 201) refusals++;
    return { answer, length };
  };
  const flood = Array.from({ length: FLOOD }, () => report(BATCH));
  await eventually('the queue is full', () => refusals >= FLOOD - ROOM);
  for (const length of REST) {
    const answer = report(length);
    flood.push(answer);
    await Promise.race([answer, sleep(30)]);
  }
  assert.ok((await queued(server)) <= QUEUE + 1, 'what waits is bounded');
  assertOverloaded(await server.request('POST', '/v1/events', { body: batch() }));
  for (let i = 0; i < 3; i++) assertOverloaded(await call('/orders'));
  assert.deepEqual(provider.calls, ['/slow/1000'], 'nothing was called that had no intent');
  release();

  assert.equal((await slow).status, 200, 'the outcome of a call found its place');
  const answers = await Promise.all(flood);
  const isTaken = ({ answer }: { answer: Answer }) => answer.status === 201;
  for (const { answer } of answers.filter((one) => !isTaken(one))) assertOverloaded(answer);
  const taken = answers.filter(isTaken).reduce((sum, { length }) => sum + length, 0);
  assert.ok(taken >= QUEUE - 10, 'what had room was taken');
  await eventually('nothing waits any more', async () => (await queued(server)) === 0);

  await write(server, newEvent());
  assert.equal((await call('/orders')).status, 200);
  const entries = await readAll(server);
  await assertUnderCheckpoint(server, entries);
  assert.equal(entries.filter((e) => e.event_type === 'order.placed').length, taken + 1);
});

test('what waits is bounded by its length as well', async (context) => {
  const env = { AFFIDAVIT_WRITE_DEADLINE_MS: '20000' };
  const server = await startAffidavit({ env });
  context.after(async () => assert.equal(await server.stop(), 0, server.stdout()));
  const sizeOf = async () => (await server.request('GET', '/v1/ledger')).body.size as number;
  const before = await sizeOf();
  const release = lock(server);
  const event = { event_type: 'order.placed', args: { note: 'x'.repeat(60_000) } };
  const raw = JSON.stringify({ events: Array.from({ length: LARGE_BATCH }, () => event) });
  let refusals = 0;
  const flood = Array.from({ length: LARGE_FLOOD }, async () => {
    const answer = await server.request('POST', '/v1/events', { raw });
    if (answer.status !== 201) refusals++;
    return answer;
  });
  await eventually('there is no more room', () => refusals >= LARGE_FLOOD - LARGE_ROOM);
  release();
  const answers = await Promise.all(flood);
  for (const answer of answers.filter(({ status }) => status !== 201)) assertOverloaded(answer);
  const taken = answers.filter(({ status }) => status === 201).length;
  assert.equal(taken, LARGE_ROOM);
  assert.equal(await sizeOf(), before + taken * LARGE_BATCH);
});
