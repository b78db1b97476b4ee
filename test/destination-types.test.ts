import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { parquetReadObjects } from 'hyparquet';

import { LOOPBACK_CERTIFICATE } from './support/loopback-certificate.ts';
import { startOtlp, startS3, startSyslog } from './support/more-receivers.ts';
import { newToken, ok, startReceiver, type Delivered } from './support/receivers.ts';
import { startAffidavit, type Affidavit } from './support/server.ts';
import { eventually } from './support/trail.ts';
import { ask, makeApp, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** Destinations of the formats that are no simple POST of JSON, and entries in the words of others. */

let server: Affidavit;
before(async () => {
  server = await startAffidavit();
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

interface Destination extends Record<string, unknown> {
  readonly destination_id: string;
}

const add = (app: AppUnderTest, body: object) =>
  ask<Destination>(server, 201, 'POST', '/v1/destinations', { key: app.key, body });
const show = (app: AppUnderTest, id: string) =>
  ask<Destination>(server, 200, 'GET', `/v1/destinations/${id}`, { key: app.key });

async function writeSome(app: AppUnderTest, count: number, fields: object = {}) {
  const events = Array.from({ length: count }, () => ({ ...newEvent(), ...fields }));
  await ask(server, 201, 'POST', '/v1/events', { key: app.key, body: { events } });
  return events.map(({ event_id }) => event_id);
}

interface Having {
  readonly faults: readonly string[];
  entries(): Delivered[];
}

async function assertArrived(receiver: Having, ids: readonly string[]) {
  await eventually('all entries arrive', () => {
    const have = new Set(receiver.entries().map(({ event_id }) => event_id));
    return receiver.faults.length > 0 || ids.every((id) => have.has(id));
  });
  assert.deepEqual(receiver.faults, []);
  const seqs = [...new Set(receiver.entries().map(({ seq }) => seq))];
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  );
}

suite('OTLP', () => {
  test('gets log records; what it throws away, or must not be sent again, is a dead letter', async () => {
    const app = await makeApp(server, 'otlp');
    const token = newToken();
    const receiver = await startOtlp({ 'x-otlp-key': token });
    const config = { url: receiver.url, headers: { 'x-otlp-key': token } };
    const made = await add(app, { type: 'otlp', config });
    assert.ok(!JSON.stringify(made).includes(token));
    const moods = [{ status: 503 }, { status: 200 }];
    receiver.mood = () => moods.shift() ?? { status: 200 };
    const trace = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), outcome: 'error' };
    await assertArrived(receiver, await writeSome(app, 200, trace));
    const partialSuccess = { rejectedLogRecords: '2', errorMessage: 'too old' };
    moods.push({ status: 200, body: { partialSuccess } } as never, { status: 500 });
    await writeSome(app, 3);
    const dead = async () => Number((await show(app, made.destination_id)).dead_letters);
    await eventually('what was thrown away is kept', async () => (await dead()) >= 3);
    await writeSome(app, 3);
    receiver.mood = ok;
    await assertArrived(receiver, await writeSome(app, 1));
    await receiver.close();
  });
});

suite('syslog', { concurrency: 2 }, () => {
  for (const tls of [true, false]) {
    test(`over ${tls ? 'TLS' : 'TCP'}, framed by octets, again after a cut`, async () => {
      const app = await makeApp(server, `syslog-${tls}`);
      const receiver = await startSyslog(tls);
      receiver.cuts = 1;
      const { port } = receiver;
      const secure = tls ? { ca: LOOPBACK_CERTIFICATE } : { tls: false };
      await add(app, { type: 'syslog', config: { host: '127.0.0.1', port, ...secure } });
      const ids = await writeSome(app, 50, { reason: 'quotes " and ] and ü', outcome: 'success' });
      await assertArrived(receiver, ids);
      await receiver.close();
    });
  }

  test('to an address that may not be called is refused', async () => {
    const app = await makeApp(server, 'syslog-guard');
    const config = { host: '10.1.2.3', tls: false };
    await ask(server, 403, 'POST', '/v1/destinations', {
      key: app.key,
      body: { type: 'syslog', config },
    });
  });
});

suite('S3', () => {
  test('gets objects by the hour, and digests that name each other', async () => {
    const app = await makeApp(server, 's3');
    const keys = {
      access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      secret_access_key: newToken(),
      region: 'eu-central-1',
      bucket: 'trail-archive',
    };
    const bucket = await startS3(keys);
    bucket.moods.push(503);
    const config = { endpoint: bucket.url, prefix: 'affidavit', ...keys };
    const body = { type: 's3', config, start: 'beginning', batch: { entries: 40, wait_ms: 100 } };
    const made = await add(app, body);
    assert.ok(!JSON.stringify(made).includes(keys.secret_access_key));
    await assertArrived(bucket, await writeSome(app, 100));
    await assertArrived(bucket, await writeSome(app, 10));
    await eventually('all is done with', async () => {
      const { lag_entries } = await show(app, made.destination_id);
      return lag_entries === 0;
    });
    const files = [...bucket.objects.keys()].filter((key) => key.endsWith('.ndjson.gz'));
    for (const key of files)
      assert.match(key, /^affidavit\/dt=\d{4}-\d\d-\d\d\/hr=\d\d\/\d{15}-\d{15}\.ndjson\.gz$/);
    assertChained(bucket.objects, made.destination_id, files);
    await bucket.close();
  });

  test('gets Parquet where that is asked for', async () => {
    const app = await makeApp(server, 's3-parquet');
    const keys = {
      access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      secret_access_key: newToken(),
      region: 'us-east-1',
      bucket: 'trail-archive',
    };
    const bucket = await startS3(keys);
    const config = { endpoint: bucket.url, ...keys, format: 'parquet' };
    await add(app, { type: 's3', config, batch: { wait_ms: 100 } });
    const ids = await writeSome(app, 20);
    const read = async () => {
      const files = [...bucket.objects].filter(([key]) => key.endsWith('.parquet'));
      const rows: Record<string, unknown>[] = [];
      for (const [, bytes] of files) {
        const file = new Uint8Array(bytes).buffer;
        rows.push(...(await parquetReadObjects({ file })));
      }
      return new Set(rows.map(({ event_id }) => event_id));
    };
    await eventually('all rows are there', async () => {
      const have = await read();
      return ids.every((id) => have.has(id));
    });
    assert.deepEqual(bucket.faults, []);
    await bucket.close();
  });
});

interface Digest {
  readonly previous: { readonly key: string; readonly sha256: string } | null;
  readonly files: readonly { readonly key: string; readonly sha256: string }[];
}

/** From the newest digest back to the first, each is as the next one says, and all files are named. */
function assertChained(
  objects: ReadonlyMap<string, Buffer>,
  id: string,
  files: readonly string[],
): void {
  const newest = objects.get(`affidavit/digests/newest-${id}.json`);
  const named = new Set<string>();
  let next = JSON.parse(String(newest)) as Digest['previous'];
  let digests = 0;
  for (; next !== null; digests++) {
    const bytes = objects.get(next.key) as Buffer;
    assert.equal(createHash('sha256').update(bytes).digest('hex'), next.sha256);
    const digest = JSON.parse(bytes.toString('utf8')) as Digest;
    for (const { key, sha256 } of digest.files) {
      const file = objects.get(key) as Buffer;
      assert.equal(createHash('sha256').update(file).digest('hex'), sha256);
      named.add(key);
    }
    next = digest.previous;
  }
  assert.ok(digests >= 3, `${digests} digests`);
  assert.deepEqual([...named].sort(), [...files].sort());
}

suite('a mapping', () => {
  test('makes ECS and OCSF of what a webhook gets', async () => {
    const app = await makeApp(server, 'mapped');
    for (const mapping of ['ecs', 'ocsf']) {
      const got: Record<string, unknown>[] = [];
      const receiver = await startReceiver({
        read: ({ body }) => {
          got.push(...(JSON.parse(body) as { events: Record<string, unknown>[] }).events);
          return [];
        },
      });
      await add(app, { type: 'webhook', config: { url: receiver.url, mapping } });
      await writeSome(app, 1);
      await eventually('it arrives', () => got.length > 0);
      const [first] = got;
      if (mapping === 'ecs') assert.ok('@timestamp' in (first as object));
      else assert.equal(typeof first?.class_uid, 'number');
      await receiver.close();
    }
  });
});
