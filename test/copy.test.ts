import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { verifyConsistency, verifyEvidence } from '@affidavit/ledger';

import { runAffidavit } from './support/cli.ts';
import { postgres } from './support/database.ts';
import { failToStart } from './support/failing-start.ts';
import { assertUnderCheckpoint, openNoteByHand } from './support/naive-ledger.ts';
import { grantOn, startProvider } from './support/provider.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { eventually, readAll, write, type Written } from './support/trail.ts';
import { ask, makeApp, makeKey, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** A ledger that moves from one file to PostgreSQL and back: nothing about it may change. */

const ON_SQLITE = { AFFIDAVIT_DATABASE_URL: undefined };
const SIZES = [255, 600, 1500];

interface Ledger {
  readonly vkey: string;
  readonly size: number;
  readonly checkpoint: string;
}
interface Evidence extends Record<string, unknown> {
  readonly header: string;
  readonly parts: object;
}

const keyOf = (folder: string) => readFileSync(join(folder, 'master.key'), 'utf8').trim();
const startOnSqlite = (dataFolder: string) => startAffidavit({ dataFolder, env: ON_SQLITE });
const startOnPostgres = (url: string, masterKey: string, dataFolder = temporaryFolder()) =>
  startAffidavit({
    dataFolder,
    env: { AFFIDAVIT_DATABASE_URL: url, AFFIDAVIT_MASTER_KEY: masterKey },
  });
const ledgerOf = (server: Affidavit, key?: string) =>
  ask<Ledger>(server, 200, 'GET', '/v1/ledger', { key });

const makeAgentOnce = (server: Affidavit, key: string) =>
  ask(server, 201, 'POST', '/v1/agents', {
    key,
    body: { name: 'mover' },
    headers: { 'idempotency-key': 'once' },
  });

const strange = {
  event_type: 'order.placed',
  reason: 'nul \u0000, tab \t, 漢字 \u{1f980}, "quotes", a \\ and ü',
  caller: 'strange',
  args: { nul: '\u0000', deep: [null, 1e-7, -0.5, { '': '\u2028' }] },
};

/** What was asked, and what was answered, of entries that asking does not add to. */
async function answersOf(server: Affidavit, { key }: AppUnderTest): Promise<unknown[]> {
  const paths = [
    'events?event_type=order.placed&limit=1000',
    'events?event_type=order.placed&order=asc&limit=200',
    'events?caller=strange',
    'events?q=load&limit=3',
    'events?event_type=order.*&to=2100-01-01T00:00:00Z&limit=7',
    'events/facets?field=caller',
    'events/export?format=ndjson&event_type=order.placed',
    'agents',
    'providers',
    'grants',
    'keys',
    'policies',
  ];
  const answers = [];
  for (const path of paths) {
    const { status, text } = await server.request('GET', `/v1/${path}`, { key });
    assert.equal(status, 200, `${path}: ${text}`);
    // A digest, so that a difference does not fill the screen.
    answers.push([path, text.length, createHash('sha256').update(text).digest('hex')]);
  }
  return answers;
}

suite('a ledger that is copied from SQLite to PostgreSQL', () => {
  const folder = temporaryFolder();
  const checkpoints: string[] = [];
  const evidence = new Map<string, Evidence>();
  let url = '';
  let app: AppUnderTest;
  let vkey = '';
  let written: Written;
  let answers: unknown[];
  let agent: unknown;
  let openCalls: string[];
  let homeSize = 0;
  let server: Affidavit;

  after(() => server?.kill('SIGKILL'));
  before(async () => {
    url = await (await postgres()).newDatabase();
    const provider = await startProvider();
    server = await startOnSqlite(folder);
    app = await makeApp(server, 'moving');
    await makeKey(server, app, { name: 'reader', scopes: ['events:read'] });
    const key = app.key;
    ({ vkey } = await ledgerOf(server, key));
    const post = async (body: object) =>
      ask<Written>(server, 201, 'POST', '/v1/events', { key, body });
    written = await post(strange);
    for (const size of SIZES) {
      const missing = size - (await ledgerOf(server, key)).size;
      for (let left = missing; left > 0; left -= 500) {
        await post({ events: Array.from({ length: Math.min(left, 500) }, () => newEvent()) });
      }
      checkpoints.push((await ledgerOf(server, key)).checkpoint);
    }
    agent = await makeAgentOnce(server, key);
    for (const { event_id } of written.events) {
      const path = `/v1/events/${event_id}/evidence`;
      evidence.set(event_id, await ask<Evidence>(server, 200, 'GET', path, { key }));
    }
    answers = await answersOf(server, app);
    const grant_id = await grantOn(server, provider);
    const call = { grant_id, url: `${provider.url}/never`, run_id: 'run-1' };
    const lost = server.request('POST', '/v1/request', { body: call }).catch(() => null);
    await eventually('the call is under way', () => provider.calls.length === 1);
    const { data } = await ask<{ data: { execution_id: string }[] }>(
      server,
      200,
      'GET',
      '/v1/executions?run_id=run-1',
    );
    openCalls = data.map(({ execution_id }) => execution_id);
    // A key that has been retired has no private half to open.
    await ask(server, 201, 'POST', '/v1/ledger/keys/rotate', { body: { overlap_seconds: 0 } });
    homeSize = (await ledgerOf(server)).size;
    const busy = await runAffidavit(['copy', '--from', `sqlite:${folder}`, '--to', url]);
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /another Affidavit server is running/);
    await server.kill('SIGKILL');
    await Promise.all([lost, provider.close()]);
  });

  test('arrives whole, and is checked', async () => {
    const argv = ['copy', '--from', `sqlite:${folder}`, '--to', url, '--full'];
    const { code, stdout, stderr } = await runAffidavit(argv);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /copied +[\d,]+ rows/);
    assert.match(stdout, /master key with the id [0-9a-f]{8}/);
    const { root } = openNoteByHand(checkpoints.at(-1) as string, vkey);
    assert.ok(root.length > 0);
    for (const again of [argv, ['copy', '--from', url, '--to', url]]) {
      const refused = await runAffidavit(again);
      assert.equal(refused.code, 1, refused.stdout);
      assert.match(refused.stderr, /already holds a ledger|are the same/);
    }
  });

  test('goes on there: same answers, keys, proofs; and one history with what was signed', async () => {
    server = await startOnPostgres(url, keyOf(folder));
    const { key } = app;
    assert.deepEqual(await answersOf(server, app), answers);
    for (const [event_id, before] of evidence) {
      const path = `/v1/events/${event_id}/evidence`;
      const { header, parts, ...rest } = await ask<Evidence>(server, 200, 'GET', path, { key });
      assert.deepEqual({ header, parts }, { header: before.header, parts: before.parts });
      await verifyEvidence({ header, parts, ...rest }, { verifiers: [vkey] });
    }
    assert.deepEqual(await makeAgentOnce(server, key), agent, 'a repeat gets the same answer');
    for (let i = 0; i < 3; i++) {
      const events = Array.from({ length: 300 }, () => newEvent());
      await ask(server, 201, 'POST', '/v1/events', { key, body: { events } });
    }
    const now = await ledgerOf(server, key);
    assert.equal(now.vkey, vkey);
    for (const old of checkpoints) {
      const { size } = openNoteByHand(old, vkey);
      const path = `/v1/ledger/proof/consistency?old=${size}&new=${now.size}`;
      const { hashes } = await ask<{ hashes: string[] }>(server, 200, 'GET', path, { key });
      await verifyConsistency(old, now.checkpoint, hashes, { verifiers: [vkey] });
    }
    await eventually('the call that was under way is closed', async () => {
      const path = '/v1/executions?run_id=run-1&outcome=unknown';
      const { data } = await ask<{ data: { execution_id: string }[] }>(server, 200, 'GET', path);
      return data.length === 1 && data[0]?.execution_id === openCalls[0];
    });
    await assertUnderCheckpoint(server, await readAll(server));
    assert.ok((await ledgerOf(server)).size > homeSize);
    assert.equal(await server.stop(), 0, server.stdout());
  });

  test('is guarded by the last checkpoints of its old folder, as by its own', async () => {
    const server = await startOnPostgres(url, keyOf(folder), folder);
    await write(server, newEvent());
    assert.equal(await server.stop(), 0, server.stdout());
    // The file is behind now: nobody signs a second history.
    const { code, stderr } = await failToStart({ dataFolder: folder });
    assert.equal(code, 1);
    assert.match(stderr, /app_default: signed up to/);
  });

  test('moves back into a file, with its last checkpoints', async () => {
    const back = temporaryFolder();
    const argv = ['copy', '--from', url, '--to', `sqlite:${back}`];
    const without = await runAffidavit(argv);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /sealed under a master key that is not given/);
    const other = { AFFIDAVIT_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') };
    assert.match((await runAffidavit(argv, { env: other })).stderr, /is not given \(its id is/);
    const env = { AFFIDAVIT_MASTER_KEY: keyOf(folder) };
    const { code, stderr, stdout } = await runAffidavit([...argv, '--json'], { env });
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as { guardPath: string; logs: unknown[] };
    assert.equal(report.logs.length, 2);
    assert.ok(existsSync(report.guardPath));
    assert.equal(statSync(join(back, 'affidavit.db')).mode & 0o077, 0);
    const server = await startAffidavit({ dataFolder: back, env: { ...ON_SQLITE, ...env } });
    await write(server, newEvent());
    await assertUnderCheckpoint(server, await readAll(server));
    assert.equal((await ledgerOf(server, app.key)).vkey, vkey);
    assert.equal(await server.stop(), 0, server.stdout());
  });
});

suite('a copy that is interrupted', () => {
  test('by kill -9 is refused by servers, and goes on when it is run again', async () => {
    const folder = temporaryFolder();
    const url = await (await postgres()).newDatabase();
    const server = await startOnSqlite(folder);
    for (let i = 0; i < 6; i++) {
      await write(server, { events: Array.from({ length: 1000 }, () => newEvent()) });
    }
    const { size, vkey } = await ledgerOf(server);
    assert.equal(await server.stop(), 0);
    const argv = ['copy', '--from', `sqlite:${folder}`, '--to', url];
    const killed = await runAffidavit(argv, { onStderr: (_, kill) => kill('SIGKILL') });
    assert.equal(killed.code, null, killed.stdout);
    const env = { AFFIDAVIT_DATABASE_URL: url, AFFIDAVIT_MASTER_KEY: keyOf(folder) };
    const early = await failToStart({ dataFolder: temporaryFolder(), env });
    assert.equal(early.code, 1);
    assert.match(early.stderr, /holds a copy that has not ended/);
    const { code, stdout, stderr } = await runAffidavit(argv);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /going on with an earlier copy/);
    const moved = await startOnPostgres(url, keyOf(folder));
    assert.deepEqual([(await ledgerOf(moved)).size, (await ledgerOf(moved)).vkey], [size, vkey]);
    await assertUnderCheckpoint(moved, await readAll(moved, `to=2100-01-01T00:00:00Z`));
    assert.equal(await moved.stop(), 0);
    rmSync(folder, { recursive: true });
  });
});

suite('the command line', () => {
  const cases = [
    [['--to', 'postgres://x/y'], 2, /--from/],
    [['--from', 'sqlite:/nowhere'], 2, /where to\?/],
    [['--from', 'sqlite:/nowhere', '--to', 'postgres://x/y'], 1, /no ledger at/],
    [['--from', 'mysql://secret@x', '--to', 'postgres://x/y'], 2, /--from: expected sqlite:FOLDER/],
  ] as const;
  for (const [argv, code, said] of cases) {
    test(`copy ${argv.join(' ')} ends with ${code}`, async () => {
      const ran = await runAffidavit(['copy', ...argv]);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, said);
      assert.doesNotMatch(ran.stderr, /secret@/);
    });
  }
});
