import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toHex } from './bytes.ts';
import { encodeHeader, leafHash, parseHeader } from './header.ts';
import {
  logOf,
  makeHeader,
  makeHeaders,
  makeLog,
  ORIGIN,
  rangeProof,
  signerOf,
  timeOf,
  VERIFIER,
} from './log.fixture.ts';
import { normalizeTime, RangeVerifier } from './range.ts';
import type { RangeProof, RangeVerdict, TimeRange } from './range.ts';
import { decodeEntryBundle, encodeEntryBundle } from './tiles.ts';
import { verifyRange } from './verify.ts';

const SIZE = 64;
const LOG = makeLog(SIZE);

async function check(proof: RangeProof, range: TimeRange = {}): Promise<RangeVerdict> {
  const verified = await verifyRange(proof, { ...range, verifiers: [VERIFIER] });
  const { checkpoint, ...verdict } = verified;
  assert.equal(checkpoint.size, verdict.size);
  return verdict;
}

/** The broken position and reason, or undefined for a sound proof. */
const broken = async (proof: RangeProof, range: TimeRange = {}) => {
  const verdict = await check(proof, range);
  assert.equal(verdict.ok, verdict.broken.length === 0);
  return verdict.broken[0];
};

/** The headers that a log gives for [from, to): one before to one after. */
const spanOf = (from: string, to: string): [first: number, end: number] => {
  const times = LOG.headers.map((header) => parseHeader(header).created_at);
  const first = times.findIndex((time) => time >= from);
  const after = times.findIndex((time) => time >= to);
  return [Math.max(0, (first < 0 ? SIZE : first) - 1), after < 0 ? SIZE : after + 1];
};

test('each range of time is proved, empty ones too', async () => {
  const minute = fc.integer({ min: -2, max: SIZE / 2 + 2 });
  await fc.assert(
    fc.asyncProperty(minute, minute, async (a, b) => {
      const [from, to] = [timeOf(2 * Math.min(a, b)), timeOf(2 * Math.max(a, b))];
      const [first, end] = spanOf(from, to);
      const verdict = await check(await rangeProof(LOG, first, end), { from, to });
      const times = LOG.headers.map((header) => parseHeader(header).created_at);
      const within = times.filter((time) => time >= from && time < to).length;
      assert.deepEqual(verdict, {
        ok: true,
        origin: ORIGIN,
        size: SIZE,
        checked: end - first,
        first_seq: first,
        last_seq: end - 1,
        within,
        broken: [],
      });
    }),
  );
});

test('the whole of each log is proved, the empty log too', async () => {
  for (const size of [0, 1, 2, 3, 7, 8, 33]) {
    const log = makeLog(size);
    const verdict = await check(await rangeProof(log, 0, size));
    assert.deepEqual(verdict, {
      ok: true,
      origin: ORIGIN,
      size,
      checked: size,
      first_seq: 0,
      last_seq: size - 1,
      within: size,
      broken: [],
    });
    const range = { from: timeOf(0), to: timeOf(2) };
    assert.equal(await broken(await rangeProof(log, 0, size), range), undefined);
  }
});

test('a range that is not shown to its borders is not complete', async () => {
  const range = { from: timeOf(20), to: timeOf(30) };
  assert.equal(await broken(await rangeProof(LOG, 19, 31), range), undefined);
  assert.equal(await broken(await rangeProof(LOG, 10, 40), range), undefined);
  assert.deepEqual(await broken(await rangeProof(LOG, 20, 31), range), {
    seq: 19,
    reason: 'incomplete_start',
  });
  assert.deepEqual(await broken(await rangeProof(LOG, 19, 30), range), {
    seq: 30,
    reason: 'incomplete_end',
  });
  assert.deepEqual(await broken(await rangeProof(LOG, 0, SIZE - 1)), {
    seq: SIZE - 1,
    reason: 'incomplete_end',
  });
  assert.deepEqual(await broken(await rangeProof(LOG, 5, SIZE)), {
    seq: 4,
    reason: 'incomplete_start',
  });
  assert.deepEqual(await broken(await rangeProof(LOG, 0, 0), range), {
    seq: 0,
    reason: 'incomplete_end',
  });
});

/** A proof with other headers, and its last_seq made to fit. */
const withHeaders = (proof: RangeProof, headers: readonly string[]): RangeProof => ({
  ...proof,
  headers,
  last_seq: proof.first_seq + headers.length - 1,
});

const change = (text: string, part: Partial<ReturnType<typeof parseHeader>>): string =>
  encodeHeader({ ...parseHeader(text), ...part });

test('an edited header is found, and named', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const edits: [Partial<ReturnType<typeof parseHeader>>, string][] = [
    [{ event_id: 'evt_other' }, 'prev'],
    [{ parts: {} }, 'prev'],
    [{ prev: 'f'.repeat(64) }, 'prev'],
    [{ created_at: timeOf(50) }, 'prev'],
    [{ created_at: timeOf(0) }, 'created_at'],
    [{ seq: 3 }, 'seq'],
  ];
  for (const [edit, reason] of edits) {
    for (let i = 1; i < 9; i += 1) {
      const headers = proof.headers.map((text, at) => (at === i ? change(text, edit) : text));
      assert.deepEqual(await broken(withHeaders(proof, headers)), { seq: 10 + i, reason });
    }
  }
});

test('an edit at an edge of the proof is found by the tree, if not by the chain', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const edit = { event_id: 'evt_other' };
  const first = proof.headers.map((text, i) => (i === 0 ? change(text, edit) : text));
  assert.deepEqual(await broken(withHeaders(proof, first)), { seq: 10, reason: 'prev' });
  const last = proof.headers.map((text, i) => (i === 9 ? change(text, edit) : text));
  assert.deepEqual(await broken(withHeaders(proof, last)), { seq: null, reason: 'root' });
  const whole = await rangeProof(LOG, 0, SIZE);
  const genesis = [change(whole.headers[0]!, { prev: 'f'.repeat(64) }), ...whole.headers.slice(1)];
  assert.deepEqual(await broken(withHeaders(whole, genesis)), { seq: 0, reason: 'prev' });
  const lastOfPair = [proof.headers[0]!, change(proof.headers[1]!, { prev: 'f'.repeat(64) })];
  assert.deepEqual(await broken(withHeaders(proof, lastOfPair)), { seq: 10, reason: 'prev' });
});

test('dropped, doubled, swapped and foreign headers are found, and named', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const { headers } = proof;
  for (let i = 0; i < 9; i += 1) {
    const seq = 10 + i;
    const dropped = headers.toSpliced(i, 1);
    assert.deepEqual(await broken(withHeaders(proof, dropped)), { seq, reason: 'seq' });
    const doubled = headers.toSpliced(i, 0, headers[i]!);
    assert.deepEqual(await broken(withHeaders(proof, doubled)), { seq: seq + 1, reason: 'seq' });
    const swapped = headers.toSpliced(i, 2, headers[i + 1]!, headers[i]!);
    assert.deepEqual(await broken(withHeaders(proof, swapped)), { seq, reason: 'seq' });
    const foreign = headers.toSpliced(i, 1, 'nonsense');
    assert.deepEqual(await broken(withHeaders(proof, foreign)), { seq, reason: 'malformed' });
  }
  const shortened = withHeaders(proof, headers.slice(0, -1));
  assert.deepEqual(await broken(shortened), { seq: null, reason: 'root' });
});

test('a history that was written anew does not fit the checkpoint', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const rewritten: string[] = [];
  let prev = toHex(LOG.leaves[9]!);
  for (let seq = 10; seq < 20; seq += 1) {
    const header = change(makeHeader(seq, prev), { event_id: `evt_new_${seq}` });
    rewritten.push(header);
    prev = toHex(leafHash(header));
  }
  assert.deepEqual(await broken(withHeaders(proof, rewritten)), { seq: null, reason: 'root' });
});

test('a log that was signed in disorder is found out', async () => {
  const early = makeHeaders(5);
  const prev = toHex(leafHash(early[4]!));
  const log = logOf([...early, makeHeader(5, prev, timeOf(0))]);
  assert.deepEqual(await broken(await rangeProof(log, 0, 6)), { seq: 5, reason: 'created_at' });
});

test('spoiled neighbours, sizes and checkpoints do not hold', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const root = { seq: null, reason: 'root' };
  const zero = toBase64Of(0);
  assert.deepEqual(await broken({ ...proof, left: proof.left.with(0, zero) }), root);
  assert.deepEqual(await broken({ ...proof, right: proof.right.with(0, zero) }), root);
  assert.deepEqual(await broken({ ...proof, right: proof.right.slice(1) }), root);
  const beyond = await rangeProof(makeLog(SIZE + 1), SIZE - 2, SIZE + 1);
  assert.deepEqual(await broken({ ...beyond, checkpoint: LOG.checkpoint }), {
    seq: SIZE,
    reason: 'beyond_checkpoint',
  });
  assert.deepEqual(await broken({ ...proof, checkpoint: makeLog(SIZE - 1).checkpoint }), root);
});

const toBase64Of = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

test('what is not a range proof, or not signed by the log, is not judged', async () => {
  const proof = await rangeProof(LOG, 10, 20);
  const others: unknown[] = [
    null,
    'text',
    {},
    { ...proof, headers: 'text' },
    { ...proof, left: [5] },
    { ...proof, first_seq: -1 },
    { ...proof, first_seq: 1.5 },
    { ...proof, last_seq: 25 },
    { ...proof, left: proof.left.slice(1) },
    { ...proof, right: ['AAAA'] },
    { ...proof, checkpoint: 'text' },
  ];
  for (const other of others) {
    await assert.rejects(verifyRange(other, { verifiers: [VERIFIER] }), { code: 'malformed' });
  }
  const foreign = logOf(LOG.headers, signerOf(ORIGIN, 9)).checkpoint;
  await assert.rejects(check({ ...proof, checkpoint: foreign }), { code: 'unsigned' });
  await assert.rejects(check({ ...proof, origin: 'other' }), { code: 'proof_failed' });
  const changed = LOG.checkpoint.replace('\n64\n', '\n65\n');
  await assert.rejects(check({ ...proof, checkpoint: changed }), { code: 'bad_signature' });
  await assert.rejects(check(proof, { from: 'yesterday' }), { code: 'invalid_argument' });
});

test('times compare as texts once they are normal', () => {
  assert.equal(normalizeTime('2026-11-21T08:30:00Z'), '2026-11-21T08:30:00.000Z');
  assert.equal(normalizeTime('2026-11-21T10:30:00.5+02:00'), '2026-11-21T08:30:00.500Z');
  for (const text of ['2026-11-21', '2026-11-21T08:30:00', '2026-13-21T08:30:00Z', '1']) {
    assert.throws(() => normalizeTime(text), { code: 'invalid_argument' }, text);
  }
});

test('headers are taken as they come out of bundles', () => {
  const checkpoint = { origin: ORIGIN, size: SIZE, root: LOG.rootAt(SIZE) };
  const range = new RangeVerifier({ checkpoint, first_seq: 0, left: [] });
  const bundle = encodeEntryBundle(LOG.headers);
  for (const entry of decodeEntryBundle(bundle)) range.add(entry);
  assert.ok(range.finish([]).ok);
  const spoiled = new RangeVerifier({ checkpoint, first_seq: 0, left: [] });
  spoiled.add(Uint8Array.of(0xff));
  assert.deepEqual(spoiled.damage, { seq: 0, reason: 'malformed' });
  assert.equal(spoiled.finish([]).ok, false);
});
