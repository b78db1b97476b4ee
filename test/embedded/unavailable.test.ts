import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';

import { limitFileSize, smallDisk } from '../support/disk.ts';
import { faultsFrom, isPlanned, plan, type Fault } from '../support/faults.ts';
import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { grantOn, startProvider, type Provider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit, type Answer } from '../support/server.ts';
import { eventually, getPage, readAll, write, type Entry } from '../support/trail.ts';
import { newEvent } from '../support/writers.ts';

/** When the trail cannot be written, nothing happens, the answer says why, and all recovers. */

const DEADLINE = { AFFIDAVIT_WRITE_DEADLINE_MS: '1500' };
const REFUSED = { event_type: 'order.refused', reason: 'sent while the trail was unavailable' };

interface House {
  readonly server: Affidavit;
  readonly provider: Provider;
  readonly grant_id: string;
}

/** Where to say what must happen at the end of a test. */
interface Ending {
  after(end: () => Promise<void>): void;
}
type Options = Parameters<typeof startAffidavit>[0];

async function openHouse(ending: Ending, options: Options = {}) {
  const provider = await startProvider();
  ending.after(() => provider.close());
  const env = { ...DEADLINE, ...options.env };
  const server = await startAffidavit({ ...options, env });
  ending.after(async () => assert.equal(await server.stop(), 0, server.stdout()));
  const house: House = { server, provider, grant_id: await grantOn(server, provider) };
  return house;
}

const call = ({ server, provider, grant_id }: House): Promise<Answer> =>
  server.request('POST', '/v1/request', {
    body: { grant_id, method: 'POST', url: `${provider.url}/orders`, reason: REFUSED.reason },
  });

function assertUnavailable({ status, body, text, headers }: Answer, reasons: readonly string[]) {
  assert.equal(status, 503, text);
  assert.equal(body.code, 'audit_unavailable');
  assert.ok(reasons.includes(String(body.reason)), text);
  assert.ok(String(body.advice).length > 10, text);
  assert.equal(headers['retry-after'], '1');
}

/** Every way in is refused with the reason, and the service is not called. */
async function assertRefuses(house: House, reasons: readonly string[]): Promise<void> {
  const { server, provider } = house;
  const calls = provider.calls.length;
  const answers = await Promise.all([
    server.request('POST', '/v1/events', { body: REFUSED }),
    server.request('POST', '/v1/events', { body: { events: [REFUSED, REFUSED] } }),
    call(house),
    server.request('GET', '/readyz'),
  ]);
  for (const answer of answers) assertUnavailable(answer, reasons);
  assert.equal((await server.request('GET', '/healthz')).status, 200);
  assert.equal(provider.calls.length, calls, 'the service was not called');
}

/** By itself it writes and calls again, and nothing of what was refused is there. */
async function assertRecovers(house: House): Promise<Entry[]> {
  const { server, provider } = house;
  await eventually('it is ready', async () => {
    return (await server.request('GET', '/readyz')).status === 200;
  });
  await write(server, newEvent());
  const calls = provider.calls.length;
  assert.equal((await call(house)).status, 200);
  assert.equal(provider.calls.length, calls + 1);
  const entries = await readAll(server);
  await assertUnderCheckpoint(server, entries);
  return entries;
}

const ofType = (entries: readonly Entry[], type: string) =>
  entries.filter((entry) => entry.event_type === type);

test('a database that another process holds locked', async (context) => {
  const house = await openHouse(context);
  const { server, provider } = house;
  await write(server, newEvent());
  const [before] = (await getPage(server, 'event_type=order.placed')).data;
  const other = new DatabaseSync(join(server.dataFolder, 'affidavit.db'));
  other.exec('BEGIN IMMEDIATE');
  await assertRefuses(house, ['locked']);
  const [again] = (await getPage(server, 'event_type=order.placed')).data;
  assert.deepEqual(again, before, 'a question that is on the record is answered');
  assertUnavailable(await server.request('GET', '/v1/events?q=unasked'), ['locked']);
  const metrics = (await server.request('GET', '/metrics')).text;
  assert.match(metrics, /affidavit_write_failures_total\{reason="locked"\} [1-9]/);
  other.exec('ROLLBACK');
  other.close();
  const entries = await assertRecovers(house);
  assert.deepEqual(ofType(entries, REFUSED.event_type), []);
  assert.equal(ofType(entries, 'credential.retrieved').length, provider.calls.length);
  assert.equal(ofType(entries, 'api.called').length, provider.calls.length);
});

test('a lock that ends before the deadline is waited for', async (context) => {
  const house = await openHouse(context);
  const other = new DatabaseSync(join(house.server.dataFolder, 'affidavit.db'));
  other.exec('BEGIN IMMEDIATE');
  setTimeout(() => other.exec('ROLLBACK'), 300);
  await write(house.server, newEvent());
  other.close();
});

test('a full disk', async (context) => {
  const disk = smallDisk(24);
  if (!disk) return context.skip('not tested: a tmpfs that is full; mounting is not permitted');
  context.after(() => disk.release());
  const house = await openHouse(context, { dataFolder: disk.folder });
  disk.fill(64 * 1024);
  const large = { ...REFUSED, args: { note: 'x'.repeat(50_000) } };
  const refuses = async (method: string, path: string, body?: object) =>
    (await house.server.request(method, path, { body })).status === 503;
  await eventually('no room for much', () => refuses('POST', '/v1/events', large));
  disk.fill(0);
  // What the failed write left of its file may still hold something small.
  await eventually('no room for little', () => refuses('POST', '/v1/events', newEvent()));
  await eventually('no room at all', () => refuses('GET', '/readyz'));
  await assertRefuses(house, ['disk_full']);
  disk.free();
  await assertRecovers(house);
  await assertIndexes(house.server);
});

test('files that may not grow any further', async (context) => {
  const house = await openHouse(context);
  const { pid, dataFolder } = house.server;
  const { size } = statSync(join(dataFolder, 'affidavit.db-wal'));
  if (!limitFileSize(pid, size)) {
    return context.skip('not tested: a limit on the size of files; prlimit is not permitted');
  }
  await assertRefuses(house, ['disk_full', 'io_error']);
  limitFileSize(pid, null);
  const entries = await assertRecovers(house);
  assert.deepEqual(ofType(entries, REFUSED.event_type), []);
  await assertIndexes(house.server);
});

/** The index goes on as well: a full segment appears. */
async function assertIndexes(server: Affidavit): Promise<void> {
  const { size } = (await server.request<{ size: number }>('GET', '/v1/ledger')).body;
  for (let i = 0; i < 3; i++) {
    await write(server, { events: Array.from({ length: 1000 }, () => newEvent()) });
  }
  const path = join(server.dataFolder, 'affidavit.db');
  const indexedEnd = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const row = db.prepare('SELECT max(end_seq) AS end FROM segments').get();
    db.close();
    return Number(row?.end ?? 0);
  };
  await eventually('the index goes on', () => indexedEnd() > size + 1024);
}

suite('a writer thread that fails', () => {
  const folder = temporaryFolder();
  const ends: (() => Promise<void>)[] = [];
  let house: House;
  before(async () => {
    house = await openHouse({ after: (end) => ends.push(end) }, { env: faultsFrom(folder) });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const happened = (fault: Fault) =>
    eventually(`the fault ${fault}`, () => !isPlanned(folder, fault));

  test('it ends before the commit: nothing is there', async () => {
    plan(folder, 'die-before-commit');
    const event = newEvent();
    const answer = await house.server.request('POST', '/v1/events', { body: event });
    assertUnavailable(answer, ['io_error']);
    const entries = await assertRecovers(house);
    assert.ok(!entries.some(({ event_id }) => event_id === event.event_id));
  });

  test('it ends after the commit: sending again finds the place', async () => {
    plan(folder, 'die-after-commit');
    const event = newEvent();
    const answer = await house.server.request('POST', '/v1/events', { body: event });
    assertUnavailable(answer, ['io_error']);
    const entries = await assertRecovers(house);
    const [entry, ...more] = entries.filter(({ event_id }) => event_id === event.event_id);
    assert.deepEqual(more, []);
    const { events } = await write(house.server, event);
    assert.equal(events[0]?.seq, entry?.seq);
    assert.equal(events[0]?.leaf_hash, entry?.leaf_hash);
  });

  test('it ends, and once more while it starts again', async () => {
    plan(folder, 'die-before-commit');
    plan(folder, 'die-at-start');
    const answer = await house.server.request('POST', '/v1/events', { body: newEvent() });
    assertUnavailable(answer, ['io_error']);
    await assertRecovers(house);
    await happened('die-at-start');
  });

  const uncertain = [
    ['die-before-commit', false],
    ['die-after-commit', true],
    ['late-commit', true],
    ['late-answer', true],
  ] as const;
  for (const [fault, kept] of uncertain) {
    test(`an intent whose fate is not known (${fault}) is never acted on, and closed`, async () => {
      const calls = house.provider.calls.length;
      plan(folder, fault);
      const answer = await call(house);
      assertUnavailable(answer, ['io_error', 'timeout']);
      await happened(fault);
      assert.equal(house.provider.calls.length, calls);
      await assertRecovers(house);
      const outcomes = async () => {
        const all = await readAll(house.server, 'event_type=api.called');
        return all.filter(({ error_code }) => error_code === 'audit_unavailable');
      };
      const known = closed;
      closed += kept ? 1 : 0;
      await eventually('the intent is closed', async () => (await outcomes()).length === closed);
      if (kept) assert.equal((await outcomes()).at(-1)?.outcome, 'error');
      else assert.equal(closed, known);
      assert.deepEqual(openIntents(house.server), []);
    });
  }
  let closed = 0;

  test('a revocation that was committed and never acknowledged counts', async () => {
    const { server } = house;
    const body = { name: 'reader', scopes: ['events:read'] };
    const { key, key_id } = (await server.request('POST', '/v1/keys', { body })).body;
    const asks = async () =>
      (await server.request('GET', '/v1/events?limit=1', { key: key as string })).status;
    assert.equal(await asks(), 200);
    plan(folder, 'die-after-commit');
    assertUnavailable(await server.request('DELETE', `/v1/keys/${key_id}`), ['io_error']);
    assert.equal(await asks(), 401);
    await assertRecovers(house);
  });
});

function openIntents(server: Affidavit): unknown[] {
  const db = new DatabaseSync(join(server.dataFolder, 'affidavit.db'), { readOnly: true });
  const rows = db.prepare('SELECT execution_id FROM open_intents').all();
  db.close();
  return rows;
}
