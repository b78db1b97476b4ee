import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { formatVerifierKey, SIGNATURE_TYPES, verifyCheckpoint } from '@affidavit/ledger';

import { openNoteByHand } from './support/naive-ledger.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { startService, type Handler, type Service } from './support/service.ts';
import { eventually } from './support/trail.ts';
import { startWitness, type WitnessProcess } from './support/witness.ts';
import { addWitness, assertCosigned, isOk, ledgerOf, witnessState } from './support/witnessed.ts';
import { ask, find, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { newEvent, startWriters } from './support/writers.ts';

/** Other parties cosign the ledger, and nothing waits for them. */

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const checkpointOf = async (key: string, query = '') =>
  server.request('GET', `/v1/ledger/checkpoint${query}`, { key });

const writeOne = (key: string) => ask(server, 201, 'POST', '/v1/events', { key, body: newEvent() });

/** An app with a ledger of its own, and a witness of it that is not added yet. */
async function witnessedApp(name: string): Promise<AppUnderTest & { witness: WitnessProcess }> {
  const app = await makeApp(server, name);
  const { vkey } = await ledgerOf(server, app);
  return { ...app, witness: await startWitness({ name: `witness.example/${name}`, logs: [vkey] }) };
}

suite('a witness', { concurrency: 4 }, () => {
  test('cosigns what is written, and its line is on the checkpoint', async () => {
    const app = await witnessedApp('follows');
    assert.deepEqual((await ledgerOf(server, app)).witnesses, []);
    problem(await checkpointOf(app.key, '?witnessed=true'), 404, 'not_found');
    await addWitness(server, app.witness, app);
    for (const count of [1, 300, 7]) {
      const events = Array.from({ length: count }, () => newEvent());
      await ask(server, 201, 'POST', '/v1/events', { key: app.key, body: { events } });
      const { last_seen, error } = await witnessState(server, app.witness.name, isOk, app);
      assert.equal(error, null);
      assert.ok(Math.abs(Date.parse(String(last_seen)) - Date.now()) < 60_000);
      const { text } = await checkpointOf(app.key);
      const { vkey, size } = await ledgerOf(server, app);
      assert.equal(assertCosigned(text, [app.witness.vkey]), size);
      assert.equal(openNoteByHand(text, vkey).size, size);
      const trust = { verifiers: [vkey, app.witness.vkey] };
      assert.equal((await verifyCheckpoint(text, trust)).signatures.length, 2);
      assert.equal((await checkpointOf(app.key, '?witnessed=true')).text, text);
    }
    await app.witness.kill('SIGTERM');
  });

  test('that is down delays no write, is told, and catches up', async () => {
    const app = await witnessedApp('down');
    const witness_id = await addWitness(server, app.witness, app);
    const before = await witnessState(server, app.witness.name, isOk, app);
    const { text: witnessed } = await checkpointOf(app.key);
    await app.witness.kill('SIGKILL');
    for (let i = 0; i < 20; i++) await writeOne(app.key);
    const behind = await witnessState(
      server,
      app.witness.name,
      ({ status }) => status === 'behind',
      app,
    );
    assert.equal(behind.cosigned_size, before.cosigned_size);
    assert.match(String(behind.error), /there was no answer \((refused|reset)\)/);
    const { size } = await ledgerOf(server, app);
    const { body } = await server.request('GET', '/v1/witnesses', { key: app.key });
    const [listed] = (body as { data: Record<string, unknown>[] }).data;
    assert.deepEqual([listed?.witness_id, listed?.status], [witness_id, 'behind']);
    const lag = `affidavit_witness_lag_entries{app_id="${app.app_id}",witness="${app.witness.name}"} ${size - Number(before.cosigned_size)}\n`;
    await eventually('the lag is measured', async () =>
      new RegExp(lag).test((await server.request('GET', '/metrics', { key: null })).text),
    );
    assert.doesNotMatch((await checkpointOf(app.key)).text, /witness\.example/);
    assert.equal((await checkpointOf(app.key, '?witnessed=true')).text, witnessed);
    const { port } = new URL(app.witness.url);
    const { vkey } = await ledgerOf(server, app);
    const again = await startWitness({ ...app.witness, logs: [vkey], port });
    await witnessState(server, again.name, isOk, app);
    assertCosigned((await checkpointOf(app.key)).text, [again.vkey]);
    await again.kill('SIGTERM');
  });

  test('beside another: there is always a checkpoint that both have cosigned', async () => {
    const app = await witnessedApp('pair');
    const { vkey } = await ledgerOf(server, app);
    const other = await startWitness({ name: 'witness.example/pair-2', logs: [vkey] });
    const both = [app.witness, other];
    for (const witness of both) await addWitness(server, witness, app);
    await Promise.all(both.map(({ name }) => witnessState(server, name, isOk, app)));
    const vkeys = both.map((one) => one.vkey);
    let common = assertCosigned((await checkpointOf(app.key, '?witnessed=true')).text, vkeys);
    const writer = { ...server, adminKey: app.key, request: requestAs(app.key) };
    const load = startWriters(writer, { writers: 4, batch: 10, requests: 100_000 });
    for (let looks = 0; looks < 60; looks++) {
      const { status, text } = await checkpointOf(app.key, '?witnessed=true');
      assert.equal(status, 200, text);
      const size = assertCosigned(text, vkeys);
      openNoteByHand(text, vkey);
      assert.ok(size >= common);
      common = size;
      if (looks === 30) await other.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    load.stop();
    await load.done;
    assert.deepEqual([load.refused, load.broken], [[], []]);
    await witnessState(server, app.witness.name, isOk, app);
    const { text } = await checkpointOf(app.key);
    const { size } = await ledgerOf(server, app);
    assert.equal(assertCosigned(text, [app.witness.vkey]), size);
    assert.ok(common < size, 'the one that is gone has not cosigned the newest');
    await app.witness.kill('SIGTERM');
  });

  test('that has an older memory is asked from where it is', async () => {
    const app = await witnessedApp('forgetful');
    const { vkey } = await ledgerOf(server, app);
    const { name, dataFolder, url } = app.witness;
    const { port } = new URL(url);
    await addWitness(server, app.witness, app);
    await witnessState(server, name, isOk, app);
    await app.witness.kill('SIGTERM');
    const [file, copy] = ['witness.db', 'copy.db'].map((one) => join(dataFolder, one));
    copyFileSync(String(file), String(copy));
    const second = await startWitness({ ...app.witness, logs: [vkey], port });
    for (let i = 0; i < 10; i++) await writeOne(app.key);
    await witnessState(server, name, isOk, app);
    await second.kill('SIGTERM');
    copyFileSync(String(copy), String(file));
    const third = await startWitness({ ...app.witness, logs: [vkey], port });
    await writeOne(app.key);
    await witnessState(server, name, isOk, { ...app, limitMs: 60_000 });
    assert.equal((await find(server, app.key, { event_type: 'witness.conflict' })).length, 0);
    await third.kill('SIGTERM');
  });

  test('that was begun anew is another one, whatever it is called', async () => {
    const app = await witnessedApp('anew');
    const { vkey } = await ledgerOf(server, app);
    const { name, url } = app.witness;
    await addWitness(server, app.witness, app);
    const { cosigned_size } = await witnessState(server, name, isOk, app);
    await app.witness.kill('SIGTERM');
    const other = await startWitness({ name, logs: [vkey], port: new URL(url).port });
    await writeOne(app.key);
    const noKey = (error: string | null) => /no cosignature of its key/.test(error ?? '');
    const found = await witnessState(server, name, ({ error }) => noKey(error), app);
    assert.equal(found.cosigned_size, cosigned_size);
    await other.kill('SIGTERM');
  });

  test('of many ledgers passes over none of them, though others grow all the time', async () => {
    const apps = await Promise.all(
      Array.from({ length: 12 }, (_, i) => makeApp(server, `many ${i}`)),
    );
    const logs = await Promise.all(apps.map(async (app) => (await ledgerOf(server, app)).vkey));
    const name = 'witness.example/many';
    const witness = await startWitness({ name, logs });
    for (const app of apps) await addWitness(server, witness, app);
    const loads = apps.slice(0, 10).map(({ key }) => {
      const writer = { ...server, adminKey: key, request: requestAs(key) };
      return startWriters(writer, { writers: 1, batch: 1, requests: 100_000 });
    });
    for (const app of apps.slice(10)) {
      await writeOne(app.key);
      await witnessState(server, name, isOk, app);
    }
    for (const load of loads) load.stop();
    await Promise.all(loads.map((load) => load.done));
    await Promise.all(apps.map((app) => witnessState(server, name, isOk, app)));
    await witness.kill('SIGTERM');
  });

  test('is told of a new key of the log before the old one ends', async () => {
    const app = await witnessedApp('rotation');
    await addWitness(server, app.witness, app);
    await witnessState(server, app.witness.name, isOk, app);
    const rotate = (overlap_seconds: number) =>
      ask<{ vkey: string }>(server, 201, 'POST', '/v1/ledger/keys/rotate', {
        key: app.key,
        body: { overlap_seconds },
      });
    const second = await rotate(3600);
    await witnessState(server, app.witness.name, isOk, app);
    await app.witness.kill('SIGTERM');
    const { port } = new URL(app.witness.url);
    const told = await startWitness({ ...app.witness, logs: [second.vkey], port });
    await writeOne(app.key);
    await witnessState(server, told.name, isOk, app);
    const third = await rotate(0);
    const { error } = await witnessState(server, told.name, (one) => one.error !== null, app);
    assert.match(String(error), /does not know the key/);
    await told.kill('SIGTERM');
    const last = await startWitness({ ...app.witness, logs: [third.vkey], port });
    await witnessState(server, last.name, isOk, { ...app, limitMs: 60_000 });
    await last.kill('SIGTERM');
  });
});

const requestAs =
  (key: string): Affidavit['request'] =>
  (method, path, options = {}) =>
    server.request(method, path, { ...options, key });

suite('administration', () => {
  const vkey = keyOfNobody('witness.example/nobody');

  test('puts both on the record, and forgets a witness that is removed', async () => {
    const app = await witnessedApp('removed');
    const { url, vkey: own, name } = app.witness;
    const witness_id = await addWitness(server, app.witness, app);
    await witnessState(server, name, isOk, app);
    const again = { key: app.key, body: { url, vkey: own } };
    problem(await server.request('POST', '/v1/witnesses', again), 409, 'conflict');
    const path = `/v1/witnesses/${witness_id}`;
    await ask(server, 200, 'DELETE', path, { key: app.key });
    problem(await server.request('DELETE', path, { key: app.key }), 404, 'not_found');
    const [added] = await find(server, app.key, { event_type: 'witness.added' });
    const [removed] = await find(server, app.key, { event_type: 'witness.removed' });
    assert.deepEqual(added?.args, { witness_id, name, url, vkey: own });
    assert.deepEqual([removed?.args, removed?.actor_id], [added?.args, app.key_id]);
    assert.equal(added?.category, 'admin');
    assert.deepEqual((await ledgerOf(server, app)).witnesses, []);
    assert.doesNotMatch((await checkpointOf(app.key)).text, /witness\.example/);
    await app.witness.kill('SIGTERM');
  });

  test('refuses what is no witness, by field', async () => {
    const app = await makeApp(server, 'refusals');
    const { vkey: logKey } = await ledgerOf(server, app);
    const post = (body: object, key = app.key) =>
      server.request('POST', '/v1/witnesses', { key, body });
    const url = 'https://witness.example.com';
    for (const wrong of [logKey, 'nonsense', vkey.replace('nobody', 'somebody'), `${vkey}=`]) {
      assert.equal(problem(await post({ url, vkey: wrong }), 400, 'invalid_request').field, 'vkey');
    }
    for (const wrong of ['ftp://x.example', 'https://u:p@x.example', 'https://x.example/?a']) {
      assert.equal(problem(await post({ url: wrong, vkey }), 400, 'invalid_request').field, 'url');
    }
    problem(await post({ url: 'http://10.1.2.3/', vkey }), 403, 'egress_blocked');
    problem(await post({ url: 'http://[::1]/', vkey }), 403, 'egress_blocked');
    problem(await post({ url, vkey, more: 1 }), 400, 'invalid_request');
    const { key } = await makeKey(server, app, { scopes: ['ledger:read'] });
    problem(await post({ url, vkey }, key), 403, 'forbidden');
    problem(await server.request('GET', '/v1/witnesses', { key }), 403, 'forbidden');
    problem(await checkpointOf(key, '?witnessed=maybe'), 400, 'invalid_request');
  });
});

suite('a witness that is none', { concurrency: 6 }, () => {
  const strange: readonly (readonly [string, Handler, RegExp])[] = [
    ['nonsense', (_, response) => void response.end('nonsense'), /no cosignature of its key/],
    ['nothing', (_, response) => void response.end(), /no cosignature of its key/],
    [
      'another size each time',
      ({ body }, response) => {
        const old = Number(/^old (\d+)/.exec(body)?.[1]);
        response.writeHead(409, { 'content-type': 'text/x.tlog.size' });
        response.end(`${old === 0 ? 1 : 0}\n`);
      },
      /another size each time/,
    ],
    [
      'the size that it was asked from',
      (_, response) => {
        response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('0\n');
      },
      /refused the size that it had asked for/,
    ],
    [
      'a size that is none',
      (_, response) => {
        response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('-7\n');
      },
      /refused the size/,
    ],
    [
      'more than anyone would read',
      (_, response) => void response.end('x'.repeat(1_000_000)),
      /no answer \(too_large\)/,
    ],
    [
      'elsewhere, where it may not be asked',
      (_, response) => {
        response.writeHead(307, { location: 'http://10.0.0.1/add-checkpoint' }).end();
      },
      /no answer \(blocked\)/,
    ],
    ['not at all', () => undefined, /no answer \(timeout\)/],
    ['in anger', (_, response) => void response.writeHead(500).end(), /status 500/],
  ];
  const services: Service[] = [];
  after(() => Promise.all(services.map((service) => service.close())));
  for (const [index, [title, handler, error]] of strange.entries()) {
    test(`but answers ${title} is told, and delays nothing`, async () => {
      const app = await makeApp(server, `strange ${index}`);
      const service = await startService(handler);
      services.push(service);
      const name = `witness.example/strange-${index}`;
      const vkey = keyOfNobody(name);
      await addWitness(server, { url: `${service.url}/below/`, vkey }, app);
      for (let i = 0; i < 5; i++) await writeOne(app.key);
      const found = await witnessState(server, name, (one) => one.error !== null, app);
      assert.match(String(found.error), error);
      assert.deepEqual([found.status, found.cosigned_size], ['missing', null]);
      const [first] = service.received;
      assert.deepEqual([first?.method, first?.url], ['POST', '/below/add-checkpoint']);
      assert.match(first?.body ?? '', /^old 0\n\naffidavit\.local\/app_[0-9a-f]+\n\d+\n/);
      assert.equal((await find(server, app.key, { event_type: 'witness.conflict' })).length, 0);
      assert.ok(service.received.length < 30, 'it is asked less and less');
    });
  }
});

/** The verifier key of a witness that nobody runs. */
function keyOfNobody(name: string): string {
  return formatVerifierKey(name, randomBytes(32), SIGNATURE_TYPES.cosignature);
}
