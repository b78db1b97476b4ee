import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';

import { failToStart, type FailedStart } from '../support/failing-start.ts';
import { assertUnderCheckpoint } from '../support/naive-ledger.ts';
import { grantOn, startProvider } from '../support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from '../support/server.ts';
import { eventually, readAll, write, type Page } from '../support/trail.ts';
import { newEvent } from '../support/writers.ts';

/** Starting: again, after a crash, under other keys, and where it must not. */

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

interface Ledger {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
}

const ledgerOf = async (server: Affidavit) =>
  (await server.request<Ledger>('GET', '/v1/ledger')).body;

test('starting again changes nothing: size, key, checkpoint and entries stay', async () => {
  const dataFolder = temporaryFolder();
  let server = await startAffidavit({ dataFolder });
  await write(server, newEvent());
  const first = await ledgerOf(server);
  for (let start = 0; start < 2; start++) {
    if (start === 0) await server.kill('SIGKILL');
    else assert.equal(await server.stop(), 0, server.stdout());
    server = await startAffidavit({ dataFolder });
    assert.deepEqual(await ledgerOf(server), first);
  }
  await assertUnderCheckpoint(server, await readAll(server));
  await server.stop();
});

test('calls under way at a crash are closed as unknown, once each', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const dataFolder = temporaryFolder();
  let server = await startAffidavit({ dataFolder });
  const grant_id = await grantOn(server, provider);
  const body = { grant_id, url: `${provider.url}/never`, run_id: 'run-1', reason: 'refund' };
  const calls = [1, 2, 3].map(() => server.request('POST', '/v1/request', { body }));
  const lost = Promise.allSettled(calls);
  await eventually('the calls are under way', () => provider.calls.length === 3);
  const open = await executions(server, 'run_id=run-1');
  assert.deepEqual(
    open.data.map(({ event_type, outcome }) => [event_type, outcome]),
    Array.from({ length: 3 }, () => ['credential.retrieved', undefined]),
  );
  await server.kill('SIGKILL');
  assert.ok((await lost).every(({ status }) => status === 'rejected'));
  for (let start = 0; start < 2; start++) {
    server = await startAffidavit({ dataFolder });
    assert.match(
      server.stdout(),
      start === 0 ? /3 calls .* outcome unknown/ : /^((?!unknown).)*$/s,
    );
    const closed = await executions(server, 'outcome=unknown&run_id=run-1');
    const ids = closed.data.map(({ execution_id }) => execution_id).sort();
    assert.deepEqual(ids, open.data.map(({ execution_id }) => execution_id).sort());
    const entries = await readAll(server);
    await assertUnderCheckpoint(server, entries);
    const outcomes = entries.filter(({ outcome }) => outcome === 'unknown');
    assert.equal(outcomes.length, 3);
    for (const entry of outcomes) {
      assert.equal(entry.error_code, 'process_ended');
      assert.equal(entry.principal_id, 'ada');
      assert.equal(entry.reason, 'refund');
    }
    const path = `/v1/executions/${String(open.data[0]?.execution_id)}`;
    const detail = await server.request('GET', path);
    assert.equal(detail.body.outcome, 'unknown');
    const steps = detail.body.entries as { event_type: string }[];
    assert.deepEqual(
      steps.map(({ event_type }) => event_type),
      ['credential.retrieved', 'api.called'],
    );
    await server.stop();
  }
  assert.equal(provider.calls.length, 3, 'no call was made again');
});

test('what was erased of a call under way stays erased when a crash ends it', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const dataFolder = temporaryFolder();
  let server = await startAffidavit({ dataFolder });
  const grant_id = await grantOn(server, provider);
  const body = { grant_id, url: `${provider.url}/never`, reason: 'refund for Ada' };
  const lost = Promise.allSettled([server.request('POST', '/v1/request', { body })]);
  await eventually('the call is under way', () => provider.calls.length === 1);
  const [open] = (await executions(server, `grant_id=${grant_id}`)).data;
  const erased = await server.request('POST', '/v1/erasures', {
    body: { event_ids: [open?.event_id], reason: 'asked for' },
  });
  assert.equal(erased.status, 201, erased.text);
  await server.kill('SIGKILL');
  await lost;
  server = await startAffidavit({ dataFolder });
  const [ended] = (await readAll(server)).filter(({ outcome }) => outcome === 'unknown');
  assert.equal(ended?.execution_id, open?.execution_id);
  assert.equal(ended?.event_type, 'api.called');
  assert.deepEqual([ended?.reason, ended?.principal_id], [undefined, undefined]);
  assert.equal(await server.stop(), 0);
});

const executions = async (server: Affidavit, query: string) =>
  (await server.request<Page>('GET', `/v1/executions?${query}`)).body;

const newMasterKey = () => randomBytes(32).toString('base64');

test('the master key rotates: all is sealed anew, on the record, and the old one goes', async (context) => {
  const provider = await startProvider();
  context.after(() => provider.close());
  const dataFolder = temporaryFolder();
  const [old, fresh] = [newMasterKey(), newMasterKey()];
  const start = (key: string) => startAffidavit({ dataFolder, env: { AFFIDAVIT_MASTER_KEY: key } });
  let server = await start(old);
  const grant_id = await grantOn(server, provider);
  const first = await ledgerOf(server);
  assert.equal(await server.stop(), 0);
  for (const keys of [`${fresh},${old}`, fresh]) {
    server = await start(keys);
    const body = { grant_id, url: `${provider.url}/orders` };
    const answer = await server.request('POST', '/v1/request', { body });
    assert.equal(answer.status, 200, answer.text);
    const entries = await readAll(server);
    const rotated = entries.filter(({ event_type }) => event_type === 'master_key.rotated');
    assert.equal(rotated.length, 1);
    assert.equal((await ledgerOf(server)).vkey, first.vkey);
    await assertUnderCheckpoint(server, entries);
    assert.equal(await server.stop(), 0);
  }
  for (const key of [old, newMasterKey()]) {
    const env = { AFFIDAVIT_MASTER_KEY: key };
    const refused = await failToStart({ dataFolder, env });
    assertRefused(refused, /AFFIDAVIT_MASTER_KEY/);
    assert.ok(!refused.stderr.includes(key), 'no key is shown');
  }
  server = await start(fresh);
  assert.equal((await ledgerOf(server)).vkey, first.vkey);
  await server.stop();
});

/** Refused with exit code 1 and words for an operator: no stack, no JSON. */
function assertRefused({ code, stdout, stderr }: FailedStart, says: RegExp): void {
  assert.equal(code, 1, stdout + stderr);
  assert.equal(stdout, '');
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /^\s+at |"level":|node:internal/m, stderr);
}

suite('a start that must not be', { concurrency: 3 }, () => {
  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1').unref();
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    assertRefused(await failToStart({ dataFolder: temporaryFolder(), port }), /port is taken/);
    other.close();
  });

  test('another server runs on the folder', async () => {
    const server = await startAffidavit();
    const { dataFolder } = server;
    assertRefused(await failToStart({ dataFolder }), /another Affidavit server is running/);
    await write(server, newEvent());
    assert.equal(await server.stop(), 0);
  });

  test('the folder cannot be written', async (context) => {
    const dataFolder = temporaryFolder();
    const server = await startAffidavit({ dataFolder });
    await server.stop();
    chmodSync(dataFolder, 0o755);
    for (const name of ['affidavit.db', 'master.key']) chmodSync(join(dataFolder, name), 0o444);
    chmodSync(join(dataFolder, 'master.key'), 0o400);
    chmodSync(dataFolder, 0o555);
    const refused = await failToStart({ dataFolder, ...(isRoot ? { uid: NOBODY } : {}) });
    chmodSync(dataFolder, 0o755);
    if (/Cannot find module|EACCES.*main\.ts/.test(refused.stderr)) {
      return context.skip('not tested: a read-only folder; the source cannot be read by nobody');
    }
    assertRefused(refused, /cannot be (written|opened|read)|Not allowed/);
  });

  test('a folder that cannot be made', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const refused = await failToStart({ dataFolder: join(file, 'data') });
    assertRefused(refused, /data folder/);
  });

  test('the file is not a database', async () => {
    const dataFolder = temporaryFolder();
    writeFileSync(join(dataFolder, 'affidavit.db'), randomBytes(100_000));
    assertRefused(await failToStart({ dataFolder }), /not a database/);
  });

  test('the database is damaged', async () => {
    const dataFolder = temporaryFolder();
    const server = await startAffidavit({ dataFolder });
    await write(server, { events: Array.from({ length: 200 }, () => newEvent()) });
    await server.stop();
    const path = join(dataFolder, 'affidavit.db');
    const bytes = readFileSync(path);
    randomBytes(bytes.length - 100).copy(bytes, 100);
    writeFileSync(path, bytes);
    assertRefused(await failToStart({ dataFolder }), /damaged/);
  });

  test('a newer version wrote the database', async () => {
    const dataFolder = temporaryFolder();
    const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
    db.exec('PRAGMA user_version = 9999');
    db.close();
    assertRefused(await failToStart({ dataFolder }), /newer Affidavit/);
  });

  test('the database is locked', async () => {
    const dataFolder = temporaryFolder();
    const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
    db.exec('BEGIN EXCLUSIVE');
    assertRefused(await failToStart({ dataFolder }), /locked by another process/);
    db.close();
  });

  test('the trail cannot be written at the start', async () => {
    const dataFolder = temporaryFolder();
    const server = await startAffidavit({ dataFolder });
    await server.stop();
    const db = new DatabaseSync(join(dataFolder, 'affidavit.db'));
    db.exec('BEGIN IMMEDIATE');
    const env = { AFFIDAVIT_ADMIN_KEY: 'another-admin-key', AFFIDAVIT_WRITE_DEADLINE_MS: '500' };
    assertRefused(await failToStart({ dataFolder, env }), /locked by another process/);
    db.close();
  });

  const settings = [
    [{ AFFIDAVIT_MASTER_KEY: 'short' }, /AFFIDAVIT_MASTER_KEY: expected base64 of 32 bytes/],
    [{ AFFIDAVIT_EGRESS_ALLOW: 'everything' }, /AFFIDAVIT_EGRESS_ALLOW|everything/],
    [{ AFFIDAVIT_WRITE_DEADLINE_MS: '1s' }, /AFFIDAVIT_WRITE_DEADLINE_MS/],
  ] as const;
  for (const [env, says] of settings) {
    test(`a setting that cannot be used: ${Object.keys(env)[0]}`, async () => {
      assertRefused(await failToStart({ dataFolder: temporaryFolder(), env }), says);
    });
  }

  test('a key file that others may read', async () => {
    const dataFolder = temporaryFolder();
    mkdirSync(dataFolder, { recursive: true });
    writeFileSync(join(dataFolder, 'master.key'), newMasterKey(), { mode: 0o644 });
    assertRefused(await failToStart({ dataFolder }), /others may read it; run: chmod 600/);
  });
});
