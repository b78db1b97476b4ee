import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { verifyConsistency, verifyInclusion } from '@affidavit/ledger';
import fc from 'fast-check';

import { merkleRoot } from './testing/c2sp-client.ts';
import { APP, openGrowingLog, type GrowingLog } from './log.fixture.ts';

/** Proofs against their definitions in RFC 6962 section 2.1, computed from all leaves. */

const SIZE = 1300;

let log: GrowingLog;
let leaves: Uint8Array[];
let headers: string[];
before(async () => {
  log = await openGrowingLog();
  while (log.size < SIZE) await log.grow(1 + (log.size % 7));
  const rows = await log.read
    .selectFrom('entries')
    .select(['leaf_hash', 'header'])
    .orderBy('seq')
    .execute();
  leaves = rows.map((row) => row.leaf_hash);
  headers = rows.map((row) => row.header);
});
after(() => log.close());

const trust = () => ({ verifiers: [log.vkey] });

function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** PATH(m, D[n]) of RFC 6962 section 2.1.1. */
function naivePath(m: number, d: readonly Uint8Array[]): Buffer[] {
  if (d.length === 1) return [];
  const k = splitOf(d.length);
  return m < k
    ? [...naivePath(m, d.slice(0, k)), merkleRoot(d.slice(k))]
    : [...naivePath(m - k, d.slice(k)), merkleRoot(d.slice(0, k))];
}

/** SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2. */
function naiveSubproof(m: number, d: readonly Uint8Array[], whole: boolean): Buffer[] {
  if (m === d.length) return whole ? [] : [merkleRoot(d)];
  const k = splitOf(d.length);
  return m <= k
    ? [...naiveSubproof(m, d.slice(0, k), whole), merkleRoot(d.slice(k))]
    : [...naiveSubproof(m - k, d.slice(k), false), merkleRoot(d.slice(0, k))];
}

/** The hashes of a tlog-proof: its lines from the third to the first that is empty. */
const pathIn = (proof = '') => proof.slice(0, proof.indexOf('\n\n')).split('\n').slice(2);
const base64 = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('base64'));

suite('inclusion', () => {
  test('is proved for entries by place and by id, under the newest checkpoint', async () => {
    for (const seq of [0, 1, 255, 256, 511, 512, 1023, 1024, log.size - 1]) {
      const byPlace = await log.ask.inclusion({ app: APP, name: { seq } });
      const byId = await log.ask.inclusion({ app: APP, name: { event_id: `evt_${seq}` } });
      assert.equal(byId, byPlace);
      const { header, checkpoint } = await verifyInclusion(
        headers[seq] as string,
        byPlace,
        trust(),
      );
      assert.equal(header.seq, seq);
      assert.equal(checkpoint.size, log.size);
      assert.equal(byPlace.split('\n')[1], `index ${seq}`);
      assert.deepEqual(pathIn(byPlace), base64(naivePath(seq, leaves)));
    }
  });

  test('is proved for many at once under any checkpoint that was ever signed', async () => {
    const sizes = [...log.checkpoints.keys()];
    const asked = fc.record({
      size: fc.constantFrom(...sizes),
      places: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
        maxLength: 40,
      }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ size, places }) => {
        const seqs = places.map((place) => Math.floor(place * size));
        const checkpoint = log.checkpoints.get(size) as string;
        const signed = { size, checkpoint };
        const { proofs } = await log.ask.receipts({ app: APP, seqs, signed });
        assert.equal(proofs.length, seqs.length);
        for (const [i, seq] of seqs.entries()) {
          await verifyInclusion(headers[seq] as string, proofs[i] as string, trust());
          assert.deepEqual(pathIn(proofs[i]), base64(naivePath(seq, leaves.slice(0, size))));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is not proved for what is not there', async () => {
    const absent = { code: 'not_found', details: { field: 'seq' } };
    await assert.rejects(log.ask.inclusion({ app: APP, name: { seq: log.size } }), absent);
    const unknown = { code: 'not_found', details: { field: 'event_id' } };
    await assert.rejects(log.ask.inclusion({ app: APP, name: { event_id: 'evt_' } }), unknown);
  });
});

suite('consistency', () => {
  test('is proved between any two sizes', async () => {
    const sizes = fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map((two) => two.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(sizes, async ([older = 0, newer = 0]) => {
        const hashes = await log.ask.consistency({ app: APP, older, newer });
        const expected = older === 0 ? [] : naiveSubproof(older, leaves.slice(0, newer), true);
        assert.deepEqual(hashes, base64(expected));
      }),
      { numRuns: 150 },
    );
  });

  test('holds between checkpoints that were signed', async () => {
    const notes = [...log.checkpoints].filter((_, index) => index % 20 === 0);
    for (const [older, olderNote] of notes) {
      for (const [newer, newerNote] of notes.filter(([size]) => size >= older)) {
        const hashes = await log.ask.consistency({ app: APP, older, newer });
        await verifyConsistency(olderNote, newerNote, hashes, trust());
      }
    }
  });

  test('is refused beyond the log and backwards, with the field that is wrong', async () => {
    const ask = (older: number, newer: number) => log.ask.consistency({ app: APP, older, newer });
    const expected = `at most ${log.size}`;
    const beyond = { code: 'invalid_request', details: { field: 'new', expected } };
    await assert.rejects(ask(1, log.size + 1), beyond);
    const backwards = { code: 'invalid_request', details: { field: 'old', expected: 'at most 8' } };
    await assert.rejects(ask(9, 8), backwards);
  });
});
