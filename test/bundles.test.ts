import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { readTar, verifyBundle, type BundleVerdict } from '@affidavit/ledger';

import { affidavit } from './support/command-line.ts';
import { fileOf, runVerifier, withoutPython } from './support/second-verifier.ts';
import { startAffidavit, temporaryFolder, type Affidavit } from './support/server.ts';
import { sleep, type Written } from './support/trail.ts';
import { ask, find, makeApp, makeKey, problem, type AppUnderTest } from './support/world.ts';
import { newEvent } from './support/writers.ts';

/** Evidence bundles: what an auditor takes away, checked with nothing but the key of the log. */

let server: Affidavit;
let app: AppUnderTest;
/** Has `events:read` alone. */
let reader: string;
let vkey: string;
const bursts: Written['events'][] = [];

before(async () => {
  server = await startAffidavit();
  app = await makeApp(server, 'bundles');
  reader = (await makeKey(server, app, { scopes: ['events:read'] })).key;
  ({ vkey } = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', { key: app.key }));
  for (const count of [5, 700, 3]) {
    await sleep(30);
    bursts.push(await report(count));
  }
  await sleep(30);
});
after(async () => assert.equal(await server.stop(), 0, server.stdout()));

async function report(count: number): Promise<Written['events']> {
  const events = Array.from({ length: count }, (_, i) => ({
    ...newEvent(),
    run_id: `run-${count}-${i % 3}`,
    args: { n: i, price: 0.1 * i, text: 'Grüße “aus” 東京 \u0007' },
  }));
  const options = { key: app.key, body: { events } };
  return (await ask<Written>(server, 201, 'POST', '/v1/events', options)).events;
}

async function bundleOf(query: Record<string, string> | string): Promise<Uint8Array> {
  const path = `/v1/events/bundle?${new URLSearchParams(query)}`;
  const answer = await server.request('GET', path, { key: reader });
  assert.equal(answer.status, 200, answer.text.slice(0, 500));
  assert.match(String(answer.headers['content-type']), /^application\/x-tar/);
  return answer.bytes;
}

async function soundVerdict(bundle: Uint8Array, verifiers = [vkey]): Promise<BundleVerdict> {
  const verdict = await verifyBundle([bundle], { verifiers });
  assert.deepEqual(verdict.broken, []);
  return verdict;
}

interface Line {
  readonly header: { readonly seq: number; readonly event_id: string };
  readonly parts?: { readonly name: string; readonly value: Record<string, unknown> }[];
}

async function linesOf(bundle: Uint8Array): Promise<Line[]> {
  const lines: string[] = [];
  for await (const { name, bytes } of readTar([bundle])) {
    if (name.startsWith('entries/')) {
      lines.push(...Buffer.from(bytes).toString('utf8').trimEnd().split('\n'));
    }
  }
  return lines.map((line) => JSON.parse(line) as Line);
}

const justAfter = (time: string) => new Date(Date.parse(time) + 1).toISOString();

/** From the first entry of a burst to just after its last. */
function timesOf(burst: number): { from: string; to: string } {
  const events = bursts[burst] as Written['events'];
  return { from: String(events[0]?.created_at), to: justAfter(String(events.at(-1)?.created_at)) };
}

suite('a bundle of a time range', () => {
  test('shows what was written in it, and proves that it is all', async () => {
    for (const [index, events] of bursts.entries()) {
      const bundle = await bundleOf(timesOf(index));
      const { complete, manifest, checked } = await soundVerdict(bundle);
      assert.equal(complete, true);
      assert.deepEqual(
        [manifest?.entries, manifest?.scope, manifest?.app_id, manifest?.filter],
        [events.length, 'range', app.app_id, timesOf(index)],
      );
      assert.equal(checked, events.length + 2);
      const shown = (await linesOf(bundle)).filter((line) => line.parts !== undefined);
      assert.deepEqual(
        shown.map(({ header }) => header.event_id),
        events.map(({ event_id }) => event_id),
      );
    }
  });

  test('without times, shows the whole log from its first entry to its own export', async () => {
    const bundle = await bundleOf({});
    const { complete, manifest, checkpoint } = await soundVerdict(bundle);
    assert.deepEqual([complete, manifest?.first_seq], [true, 0]);
    assert.equal(manifest?.entries, checkpoint?.size);
    const last = (await linesOf(bundle)).at(-1)?.parts?.find(({ name }) => name === 'envelope');
    assert.equal(last?.value['event_type'], 'trail.exported');
  });

  test('proves that there was nothing', async () => {
    const { from } = timesOf(1);
    const verdict = await soundVerdict(await bundleOf({ from, to: from }));
    assert.deepEqual([verdict.complete, verdict.manifest?.entries, verdict.checked], [true, 0, 2]);
    const future = await soundVerdict(await bundleOf({ from: '2999-01-01T00:00:00.000Z' }));
    assert.deepEqual([future.complete, future.manifest?.entries], [true, 0]);
    const past = await soundVerdict(await bundleOf({ to: '1999-01-01T00:00:00.000Z' }));
    assert.deepEqual([past.complete, past.manifest?.entries], [true, 0]);
  });
});

suite('a bundle of a filter', () => {
  test('shows what the search finds, and does not call it complete', async () => {
    for (const query of [{ run_id: 'run-700-1' }, { run_id: 'run-5-0', ...timesOf(0) }]) {
      const bundle = await bundleOf(query);
      const { complete, manifest } = await soundVerdict(bundle);
      const found = await find(server, app.key, query);
      assert.deepEqual([complete, manifest?.scope], [false, 'filter']);
      assert.equal(manifest?.entries, found.length);
      const shown = (await linesOf(bundle)).map(({ header }) => header.event_id);
      assert.deepEqual(new Set(shown), new Set(found.map(({ event_id }) => event_id)));
    }
  });

  test('may show nothing', async () => {
    const { manifest } = await soundVerdict(await bundleOf({ run_id: 'never' }));
    assert.deepEqual([manifest?.entries, manifest?.first_seq], [0, null]);
  });

  test('that does not exist is refused before anything is sent', async () => {
    const answer = await server.request('GET', '/v1/events/bundle?colour=red', { key: reader });
    assert.equal(problem(answer, 400, 'unknown_filter').field, 'colour');
  });
});

suite('every bundle', () => {
  test('is on the record, and is for who may read the trail', async () => {
    await bundleOf({ run_id: 'run-3-2' });
    const exported = (await find(server, app.key, { event_type: 'trail.exported' })).at(-1);
    assert.match(JSON.stringify(exported?.['args']), /run-3-2.*"format":"bundle"/);
    const { key } = await makeKey(server, app, { scopes: ['ledger:read'] });
    problem(await server.request('GET', '/v1/events/bundle', { key }), 403, 'forbidden');
  });

  test('opens with tar, and its files have the digests it says', async () => {
    const folder = temporaryFolder();
    const file = fileOf(await bundleOf(timesOf(1)), '.tar');
    execFileSync('tar', ['-xf', file, '-C', folder]);
    const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
    for (const line of sums) {
      const [digest, name = ''] = line.split('  ');
      const bytes = readFileSync(join(folder, name));
      assert.equal(createHash('sha256').update(bytes).digest('hex'), digest);
    }
    assert.ok(readdirSync(join(folder, 'entries')).length > 1);
  });

  test('has a page that says what is proved, and runs nothing', async () => {
    const query = { q: '<script>alert(1)</script>', run_id: '"><img src=x>' };
    for (const [asked, expected] of [
      [query, /no further entries which match/],
      [timesOf(0), /nothing else in this time/],
    ] as const) {
      const bundle = Buffer.from(await bundleOf(asked)).toString('utf8');
      const page = bundle.slice(bundle.indexOf('<!doctype'), bundle.indexOf('</html>'));
      assert.match(page, expected);
      assert.doesNotMatch(page, /<script|<img/);
      assert.ok(page.includes(vkey));
    }
  });

  test('is found broken wherever a bit of it is flipped', async () => {
    const bundle = await bundleOf(timesOf(0));
    for (let i = 0; i < 200; i += 1) {
      const damaged = bundle.slice();
      const at = Math.floor(((i + 0.5) * bundle.length) / 200);
      damaged[at] = (damaged[at] as number) ^ (1 << (i % 8));
      const { ok } = await verifyBundle([damaged], { verifiers: [vkey] });
      assert.equal(ok, false, `byte ${at}`);
    }
  });

  test('shows what is left of an entry, and still verifies when more is gone', async () => {
    const before = { from: new Date().toISOString() };
    const [event] = await report(1);
    const whole = await bundleOf(before);
    assert.equal((await soundVerdict(whole)).manifest?.missing_parts, 0);
    const options = { key: app.key };
    for (const [parts, missing] of [
      [['args'], 1],
      [undefined, 2],
    ] as const) {
      const body = { event_ids: [event?.event_id], reason: 'asked to', ...(parts && { parts }) };
      await ask(server, 201, 'POST', '/v1/erasures', { ...options, body });
      const { manifest, complete } = await soundVerdict(await bundleOf(before));
      assert.deepEqual([manifest?.missing_parts, complete], [missing, true]);
    }
    await soundVerdict(whole);
    const path = `/v1/events/${event?.event_id}`;
    const { text, status } = await server.request('GET', path, options);
    assert.equal(status, 410);
    const file = fileOf(text, '.json');
    assert.equal((await affidavit(['verify', '--vkey', vkey, file])).code, 0);
    if (!withoutPython) {
      const { code, stdout } = await runVerifier(['--vkey', vkey, file]);
      assert.deepEqual([code, /what it said is not shown/.test(stdout)], [0, true], stdout);
    }
  });

  test('verifies with an earlier key of the log, too', async () => {
    const rotated = await makeApp(server, 'rotated');
    const key = { key: rotated.key };
    const first = await ask<{ vkey: string }>(server, 200, 'GET', '/v1/ledger', key);
    for (const overlap_seconds of [0, 600]) {
      const body = { overlap_seconds };
      await ask(server, 201, 'POST', '/v1/ledger/keys/rotate', { ...key, body });
    }
    const { bytes } = await server.request('GET', '/v1/events/bundle', key);
    assert.equal((await soundVerdict(bytes, [first.vkey])).complete, true);
    const file = fileOf(bytes, '.tar');
    if (!withoutPython) {
      const { code, stdout } = await runVerifier(['--vkey', first.vkey, file]);
      assert.equal(code, 0, stdout);
    }
    const other = await verifyBundle([bytes], { verifiers: [vkey] });
    assert.deepEqual(other.broken[0]?.reason, 'unsigned');
  });
});

suite('the second verifier', { skip: withoutPython }, () => {
  const check = async (content: string | Uint8Array, ending: string) =>
    runVerifier(['--vkey', vkey, fileOf(content, ending)]);

  async function get(path: string): Promise<string> {
    const { status, text } = await server.request('GET', path, { key: app.key });
    assert.equal(status, 200, text);
    return text;
  }

  test('finds real bundles sound, and damage where it is', async () => {
    for (const query of [timesOf(1), { run_id: 'run-700-1' }, {}]) {
      const bundle = await bundleOf(query);
      const sound = await check(bundle, '.tar');
      assert.equal(sound.code, 0, sound.stdout);
      const text = Buffer.from(bundle);
      const at = text.indexOf('"event_type":"', text.length / 2);
      text[at + 20] = (text[at + 20] as number) ^ 1;
      const { code, stdout } = await check(text, '.tar');
      assert.deepEqual([code, /entry \d+: .*envelope is not/.test(stdout)], [1, true], stdout);
    }
  });

  test('agrees on evidence, ranges and receipts of a real server', async () => {
    const { event_id } = bursts[1]?.[300] ?? {};
    const range = new URLSearchParams(timesOf(1)).toString();
    const body = { events: [newEvent(), newEvent()] };
    const path = '/v1/events?receipt=true';
    const receipt = await server.request('POST', path, { key: app.key, body });
    const artefacts = [
      [await get(`/v1/events/${event_id}/evidence`), '.json'],
      [await get(`/v1/ledger/range?${range}`), '.json'],
      [await get(`/v1/ledger/range?${range}&format=ndjson`), '.ndjson'],
      [await get('/v1/ledger/checkpoint'), '.txt'],
      [receipt.text, '.json'],
    ] as const;
    for (const [content, ending] of artefacts) {
      const { code, stdout, stderr } = await check(content, ending);
      assert.equal(code, 0, stdout + stderr);
    }
  });
});
