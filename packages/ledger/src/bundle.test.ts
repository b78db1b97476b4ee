import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toBase64 } from './bytes.ts';
import { makeBundle, pieces } from './bundle.fixture.ts';
import type { BundleChanges } from './bundle.fixture.ts';
import { formatManifest, parseManifest } from './bundle.ts';
import type { BundleEntry, BundleManifest } from './bundle.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { encodeHeader, parseHeader } from './header.ts';
import {
  logOf,
  makeLog,
  ORIGIN,
  platformSha256,
  saltOf,
  signerOf,
  timeOf,
  VERIFIER,
} from './log.fixture.ts';
import { readTar } from './tar.ts';
import { verifyBundle } from './verify-bundle.ts';
import type { BundleVerdict } from './verify-bundle.ts';

const SIZE = 40;
const LOG = makeLog(SIZE);
const TRUST = { verifiers: [VERIFIER] };
const upTo = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => first + i);

/** All of [timeOf(10), timeOf(20)), with its borders. */
const RANGE: BundleChanges = {
  borders: [9, 20],
  manifest: { from: timeOf(10), to: timeOf(20), filter: { from: timeOf(10), to: timeOf(20) } },
};
const SOUND = await makeBundle(LOG, upTo(9, 21), RANGE);

const check = (bytes: Uint8Array, verifiers = [VERIFIER]): Promise<BundleVerdict> =>
  verifyBundle(pieces(bytes), { verifiers, hash: platformSha256 });

/** Where and why a bundle is broken; its message is for people. */
const broken = async (bytes: Uint8Array): Promise<unknown> => {
  const { ok, broken: damages } = await check(bytes);
  assert.equal(ok, damages.length === 0);
  const [damage] = damages;
  return damage && [damage.seq, damage.member, damage.reason];
};

/** The same range, with changes. */
const brokenRange = async (changes: BundleChanges, seqs = upTo(9, 21)): Promise<unknown> =>
  broken(await makeBundle(LOG, seqs, { ...RANGE, ...changes }));

test('a range is proved, and that it is complete', async () => {
  for (const trust of [TRUST, { verifiers: [] }]) {
    const verdict = await verifyBundle([SOUND], trust);
    const { checkpoint, manifest, ...said } = verdict;
    assert.deepEqual(said, { ok: true, broken: [], checked: 12, complete: true });
    assert.equal(checkpoint?.size, SIZE);
    assert.equal(manifest?.origin, ORIGIN);
    assert.deepEqual([manifest.entries, manifest.first_seq, manifest.last_seq], [10, 10, 19]);
  }
});

test('any choice of entries is proved, and is not called complete', async () => {
  const choices = fc.subarray(upTo(0, SIZE));
  await fc.assert(
    fc.asyncProperty(choices, fc.integer({ min: 1, max: 9 }), async (seqs, perMember) => {
      const manifest = { scope: 'filter', filter: { agent: ['a', 'b'] } } as const;
      const verdict = await check(await makeBundle(LOG, seqs, { manifest, perMember }));
      assert.deepEqual(verdict.broken, []);
      assert.deepEqual([verdict.checked, verdict.complete], [seqs.length, false]);
    }),
    { numRuns: 50 },
  );
});

test('ranges at the ends of the log, without entries, and over all of it', async () => {
  const cases: [number[], number[], Partial<BundleManifest>][] = [
    [upTo(0, SIZE), [], {}],
    [upTo(0, 5), [4], { to: timeOf(4) }],
    [upTo(37, SIZE), [37], { from: timeOf(38) }],
    [[0], [0], { to: timeOf(-2) }],
    [[SIZE - 1], [SIZE - 1], { from: timeOf(SIZE + 2) }],
    [[9, 10], [9, 10], { from: timeOf(10), to: timeOf(10) }],
  ];
  for (const [seqs, borders, manifest] of cases) {
    const { broken: damages, complete } = await check(
      await makeBundle(LOG, seqs, { borders, manifest }),
    );
    assert.deepEqual([damages, complete], [[], true]);
  }
});

test('each flipped bit is found', async () => {
  const places = fc.integer({ min: 0, max: SOUND.length * 8 - 1 });
  await fc.assert(
    fc.asyncProperty(places, async (place) => {
      const damaged = SOUND.slice();
      damaged[place >> 3]! ^= 1 << (place & 7);
      assert.equal((await check(damaged)).ok, false);
      assert.equal((await check(damaged, [])).ok, false);
    }),
    { numRuns: 200 },
  );
});

test('each cut is found', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: SOUND.length - 1 }), async (end) => {
      assert.equal((await check(SOUND.subarray(0, end))).ok, false);
    }),
  );
});

const editEntry =
  (at: number, edit: (entry: BundleEntry) => Partial<BundleEntry>) =>
  (entry: BundleEntry, seq: number): BundleEntry =>
    seq === at ? { ...entry, ...edit(entry) } : entry;

test('an edited entry is named, even by who can sign the manifest', async () => {
  const member = 'entries/000001.ndjson';
  const header = editEntry(13, (one) => ({
    header: encodeHeader({ ...parseHeader(one.header), event_id: 'evt_other' }),
  }));
  assert.deepEqual(await brokenRange({ entry: header }), [13, member, 'proof_failed']);
  const part = editEntry(13, ({ parts }) => ({
    parts: parts!.map((one) => ({ ...one, text: one.text.replace('13', '14') })),
  }));
  assert.deepEqual(await brokenRange({ entry: part }), [13, member, 'proof_failed']);
  const salt = editEntry(13, ({ parts }) => ({
    parts: parts!.map((one) => ({ ...one, salt: toBase64(saltOf(14)) })),
  }));
  assert.deepEqual(await brokenRange({ entry: salt }), [13, member, 'proof_failed']);
  const name = editEntry(13, ({ parts }) => ({
    parts: parts!.map((one) => ({ ...one, name: 'args' })),
  }));
  assert.deepEqual(await brokenRange({ entry: name }), [13, member, 'malformed']);
});

test('entries that are dropped, doubled or moved are found', async () => {
  const dropped = upTo(9, 21).filter((seq) => seq !== 13);
  const counts = { ...RANGE.manifest, entries: 9, parts: 9 };
  assert.deepEqual(await brokenRange({}, dropped), [13, 'manifest', 'proof_failed']);
  assert.deepEqual(await brokenRange({ manifest: counts }, dropped), [
    13,
    'manifest',
    'proof_failed',
  ]);
  const without = (lines: readonly string[]) => lines.toSpliced(3, 1);
  assert.deepEqual(await brokenRange({ lines: without }), [
    13,
    'entries/000001.ndjson',
    'proof_failed',
  ]);
  const twice = (lines: readonly string[]) => lines.toSpliced(4, 0, lines[4]!);
  assert.deepEqual(await brokenRange({ lines: twice }), [
    13,
    'entries/000001.ndjson',
    'proof_failed',
  ]);
  const swapped = (lines: readonly string[]) => lines.toSpliced(4, 2, lines[5]!, lines[4]!);
  assert.deepEqual(await brokenRange({ lines: swapped }), [
    13,
    'entries/000001.ndjson',
    'proof_failed',
  ]);
});

test('a range that is not shown to its borders is not complete', async () => {
  const cases: [number[], number[], number | null][] = [
    [upTo(10, 21), [20], 9],
    [upTo(9, 20), [9], 20],
    [[], [], null],
  ];
  for (const [seqs, borders, seq] of cases) {
    assert.deepEqual(await brokenRange({ borders }, seqs), [seq, 'manifest', 'proof_failed']);
  }
});

test('a line has one form', async () => {
  const forms: ((line: string) => string)[] = [
    (line) => line.replace('{', '{ '),
    (line) => line.replace('"n":', '"n":1,"n":'),
    (line) => line.replace('"path":', '"other":1,"path":'),
    (line) => line.replace('"seq":', '"seq":0,"seq":'),
    (line) => line.replace('"parts":[', '"parts":[null,'),
    (line) => line.replace(/"header":\{.*?\},"/, '"header":null,"'),
    (line) => line.replace(/"path":.*\]/, '"path":{}'),
    () => 'null',
    () => '',
    () => '{',
  ];
  for (const form of forms) {
    const lines = (all: readonly string[]) => all.map((line, i) => (i === 4 ? form(line) : line));
    const found = (await brokenRange({ lines })) as unknown[];
    assert.deepEqual(found.slice(1), ['entries/000001.ndjson', 'malformed']);
  }
});

test('other contents than the manifest signs are found', async () => {
  const manifests: [Partial<BundleManifest>, string][] = [
    [{ entries: 9 }, 'proof_failed'],
    [{ parts: 9 }, 'proof_failed'],
    [{ missing_parts: 1 }, 'proof_failed'],
    [{ first_seq: 9 }, 'proof_failed'],
    [{ last_seq: null }, 'proof_failed'],
    [{ origin: 'affidavit.example/app_2' }, 'proof_failed'],
    [{ sha256sums: '0'.repeat(64) }, 'proof_failed'],
    [{ v: 2 as 1 }, 'malformed'],
    [{ scope: 'all' as 'range' }, 'malformed'],
  ];
  for (const [manifest, reason] of manifests) {
    const changes = { manifest: { ...RANGE.manifest, ...manifest } };
    assert.deepEqual(await brokenRange(changes), [null, 'manifest', reason]);
  }
});

test('an entry outside of the range is found, and named', async () => {
  for (const [manifest, seq] of [
    [{ from: timeOf(12) }, 10],
    [{ to: timeOf(18) }, 19],
  ] as const) {
    const changes = { manifest: { ...RANGE.manifest, ...manifest } };
    assert.deepEqual(await brokenRange(changes), [seq, 'manifest', 'proof_failed']);
  }
});

test('no entry of the range can be passed off as a border', async () => {
  const manifest = { to: timeOf(20) };
  assert.equal(await brokenRange({ borders: [20], manifest }, upTo(0, 21)), undefined);
  assert.deepEqual(await brokenRange({ borders: [14, 20], manifest }, upTo(0, 21)), [
    14,
    'manifest',
    'proof_failed',
  ]);
  assert.deepEqual(await brokenRange({ borders: [9, 14, 20] }), [
    20,
    'entries/000003.ndjson',
    'proof_failed',
  ]);
});

test('what another key has signed proves nothing, unless no key is given', async () => {
  const stranger = signerOf(ORIGIN, 7);
  assert.deepEqual(await brokenRange({ signer: stranger }), [null, 'manifest', 'unsigned']);
  const forged = logOf(LOG.headers, stranger);
  const bundle = await makeBundle(forged, upTo(0, SIZE), { signer: stranger });
  assert.deepEqual(await broken(bundle), [null, 'checkpoint', 'unsigned']);
  assert.deepEqual(await brokenRange({ keys: '{}' }), [null, 'keys.json', 'malformed']);
  assert.deepEqual(await brokenRange({ keys: '[null]' }), [null, 'keys.json', 'malformed']);
});

test('a manifest is no checkpoint, and has one form', () => {
  const manifest: BundleManifest = {
    app_id: 'app_1',
    created_at: timeOf(0),
    entries: 0,
    filter: { q: 'a\n1' },
    first_seq: null,
    last_seq: null,
    missing_parts: 0,
    origin: ORIGIN,
    parts: 0,
    scope: 'filter',
    sha256sums: '0'.repeat(64),
    v: 1,
  };
  const text = formatManifest(manifest);
  assert.deepEqual(parseManifest(text), manifest);
  assert.throws(() => parseCheckpoint(text), { code: 'malformed' });
  for (const other of [`${text}more\n`, text.replace('{', '{ '), text.replace('@v1', '@v2'), '']) {
    assert.throws(() => parseManifest(other), { code: 'malformed' });
  }
});

test('members stand in their order, and there are no others', async () => {
  const names: string[] = [];
  for await (const { name } of readTar([SOUND])) names.push(name);
  assert.deepEqual(names, [
    'keys.json',
    'checkpoint',
    'entries/000000.ndjson',
    'entries/000001.ndjson',
    'entries/000002.ndjson',
    'entries/000003.ndjson',
    'README.html',
    'SHA256SUMS',
    'manifest',
  ]);
});
