import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import { FIELD_NAMES } from '@affidavit/schema';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

import { startAffidavit, type Affidavit, type Answer } from './support/server.ts';
import { readAll, write, type Entry } from './support/trail.ts';
import { variedEvent } from './support/varied-events.ts';
import { problem } from './support/world.ts';

/** Every format of an export against what the trail says, and the manifest against the bytes. */

const EVENTS = 2500;

interface Manifest {
  readonly count: number;
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  readonly next_after_seq: number | null;
  readonly before_seq: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly event_id: string;
  readonly leaf_hash: string;
}

let server: Affidavit;
let known: Entry[] = [];
before(async () => {
  server = await startAffidavit();
  for (let first = 0; first < EVENTS; first += 500) {
    const events = Array.from({ length: 500 }, (_, i) => variedEvent(first + i, 'exports'));
    await write(server, { events });
  }
  const odd = { a: [1, 2.5, null, { b: '=1' }], ü: 'é' };
  await write(server, { event_type: 'file.read', args: odd, latency_ms: 0.25, reason: '=1+1' });
  known = await readAll(server);
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

const fetchExport = (query: string) => server.request('GET', `/v1/events/export?${query}`);

/** The manifest of an answer, held against its bytes. */
async function checked(answer: Answer): Promise<Manifest> {
  assert.equal(answer.status, 200, answer.text);
  const id = String(answer.headers['affidavit-export-id']);
  const { status, body, text } = await server.request<Manifest>('GET', `/v1/events/exports/${id}`);
  assert.equal(status, 200, text);
  assert.equal(body.bytes, answer.bytes.length);
  assert.equal(body.sha256, createHash('sha256').update(answer.bytes).digest('hex'));
  return body;
}

const linesOf = ({ text }: Answer) => text.split('\n').slice(0, -1);
const parsed = (answer: Answer) =>
  linesOf(answer).map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);

suite('formats', () => {
  test('NDJSON has each entry as it is read, and its manifest counts them', async () => {
    const answer = await fetchExport('format=ndjson');
    const manifest = await checked(answer);
    const lines = linesOf(answer);
    for (const [index, entry] of known.entries()) assert.equal(lines[index], JSON.stringify(entry));
    assert.equal(manifest.count, lines.length);
    assert.equal(manifest.first_seq, 0);
    assert.equal(manifest.last_seq, manifest.size - 1);
    assert.match(manifest.checkpoint, new RegExp(`\n${manifest.size}\n`));
  });

  test('ECS and OCSF have each entry, by its id and place', async () => {
    const ecs = await fetchExport('format=ecs');
    assert.equal((await checked(ecs)).count, parsed(ecs).length);
    assert.deepEqual(
      parsed(ecs)
        .slice(0, known.length)
        .map(({ event }) => event?.id),
      known.map(({ event_id }) => event_id),
    );
    const ocsf = await fetchExport('format=ocsf');
    assert.equal((await checked(ocsf)).count, parsed(ocsf).length);
    assert.deepEqual(
      parsed(ocsf)
        .slice(0, known.length)
        .map(({ metadata }) => metadata?.sequence),
      known.map(({ seq }) => seq),
    );
  });

  test('Parquet is read back with every value', async () => {
    const answer = await fetchExport('format=parquet');
    const manifest = await checked(answer);
    assert.equal(answer.headers['content-type'], 'application/vnd.apache.parquet');
    const file = new Uint8Array(answer.bytes).buffer;
    assert.equal(Number(parquetMetadata(file).num_rows), manifest.count);
    const rows = await parquetReadObjects({ file });
    assert.equal(rows.length, manifest.count);
    for (const [index, entry] of known.entries()) {
      const row = rows[index] as Record<string, unknown>;
      for (const name of FIELD_NAMES) assert.deepEqual(plain(row[name]), entry[name] ?? null, name);
    }
  });

  test('Parquet of nothing is a file too', async () => {
    const answer = await fetchExport('format=parquet&tenant_id=nobody');
    assert.equal((await checked(answer)).count, 0);
    assert.deepEqual(await parquetReadObjects({ file: new Uint8Array(answer.bytes).buffer }), []);
  });

  test('a format nobody knows is refused', async () => {
    problem(await fetchExport('format=xml'), 400, 'invalid_request');
    problem(await fetchExport('after_seq=-1'), 400, 'invalid_request');
    problem(await fetchExport('limit=0'), 400, 'invalid_request');
  });
});

/** What Parquet reads as a date or a large number, as JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  return value ?? null;
}

suite('pieces', () => {
  test('put one behind the other are the whole, each with its manifest', async () => {
    for (const format of ['ndjson', 'csv', 'ecs', 'ocsf']) {
      const whole = await fetchExport(`format=${format}&tenant_id=tenant-3`);
      const { size, count } = await checked(whole);
      const pieces: Buffer[] = [];
      let after = '';
      for (let tries = 0; tries < 10; tries++) {
        const query = `format=${format}&tenant_id=tenant-3&limit=150&before_seq=${size}${after}`;
        const piece = await fetchExport(query);
        const manifest = await checked(piece);
        pieces.push(piece.bytes);
        if (manifest.next_after_seq === null) break;
        assert.equal(manifest.count, 150);
        after = `&after_seq=${manifest.next_after_seq}`;
      }
      assert.equal(pieces.length, Math.ceil(count / 150), format);
      assert.deepEqual(Buffer.concat(pieces), whole.bytes, format);
    }
  });

  test('what comes in meanwhile belongs to the next export', async () => {
    const { size } = await checked(await fetchExport('format=ndjson&limit=1'));
    const answer = await fetchExport(`after_seq=${size - 1}`);
    const manifest = await checked(answer);
    assert.equal(manifest.first_seq, size);
    assert.equal(manifest.last_seq, manifest.size - 1);
  });
});

suite('manifests', () => {
  test('are entries of the ledger, and so are the exports', async () => {
    const manifest = await checked(await fetchExport('format=csv&tenant_id=tenant-1'));
    const path = `/v1/events/${manifest.event_id}`;
    const { body } = await server.request<Entry>('GET', path);
    assert.equal(body.event_type, 'trail.export_completed');
    assert.equal(body.leaf_hash, manifest.leaf_hash);
    assert.equal((body.args as Manifest).sha256, manifest.sha256);
    const began = await readAll(server, 'event_type=trail.exported');
    const { export_id } = body.args as { export_id: string };
    assert.ok(began.some(({ args }) => (args as { export_id: string }).export_id === export_id));
  });

  test('are not there for what was cut off, and not for another app', async () => {
    const gone = await server.request('GET', '/v1/events/exports/exp_0');
    problem(gone, 404, 'not_found');
    const answer = await fetchExport('format=csv&limit=1');
    const id = String(answer.headers['affidavit-export-id']);
    const { body: app } = await server.request('POST', '/v1/apps', { body: { name: 'other' } });
    const { body: key } = await server.request('POST', '/v1/keys', {
      body: { name: 'reader', scopes: ['events:read'], app_id: app.app_id },
    });
    const other = { key: String(key.key) };
    problem(await server.request('GET', `/v1/events/exports/${id}`, other), 404, 'not_found');
  });
});
