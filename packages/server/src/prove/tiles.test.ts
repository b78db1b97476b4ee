import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { toBase64, verifyCheckpoint } from '@affidavit/ledger';
import fc from 'fast-check';

import {
  entriesFromBundles,
  indexPath,
  rootFromEntries,
  rootFromTiles,
  tilePaths,
} from './testing/c2sp-client.ts';
import { APP, openGrowingLog, type GrowingLog } from './log.fixture.ts';

/** Tiles and bundles as a client reads them that knows nothing but the specification. */

const SIZES = [1, 2, 255, 256, 257, 511, 512, 513, 1024, 65_535, 65_536, 65_537, 65_809];
const LAST = SIZES.at(-1) as number;

let log: GrowingLog;
before(async () => {
  log = await openGrowingLog();
  for (const size of SIZES) await log.growTo(size);
});
after(() => log.close());

async function signedRoot(size: number): Promise<string> {
  const note = log.checkpoints.get(size) as string;
  const { root } = await verifyCheckpoint(note, { verifiers: [log.vkey] });
  return toBase64(root);
}

suite('the tiles of a log', () => {
  for (const size of SIZES) {
    test(`give the signed root of ${size} entries, long after it has grown on`, async () => {
      const expected = await signedRoot(size);
      assert.equal((await rootFromTiles(log.fetch, size)).toString('base64'), expected);
      const entries = await entriesFromBundles(log.fetch, size);
      assert.equal(rootFromEntries(entries).toString('base64'), expected);
    });
  }

  test('are there in every width that the log has had, and in no other', async () => {
    const known = tilePaths('0', LAST).length - 1;
    const tile = fc.record({
      kind: fc.constantFrom('0', '1', '2', '3', '63', 'entries'),
      index: fc.oneof(fc.constantFrom(0, 1, 255, 256, known), fc.nat(300), fc.nat(2 ** 40)),
      width: fc.integer({ min: 1, max: 256 }),
    });
    await fc.assert(
      fc.asyncProperty(tile, async ({ kind, index, width }) => {
        const path = `tile/${kind}/${indexPath(index)}${width < 256 ? `.p/${width}` : ''}`;
        const found = await log.fetch(path);
        const level = kind === 'entries' ? 0 : Number(kind);
        const exists = index * 256 + width <= Math.floor(LAST / 256 ** level);
        assert.equal(found !== null, exists, path);
        if (found === null || width === 256) return;
        const full = await log.fetch(`tile/${kind}/${indexPath(index)}`);
        if (full) assert.deepEqual(Buffer.from(full.subarray(0, found.length)), Buffer.from(found));
      }),
      { numRuns: 300 },
    );
  });
});

test('nothing is there of a log that has no entry', async () => {
  const empty = await openGrowingLog();
  try {
    await assert.rejects(empty.fetch('tile/0/000.p/1'), { code: 'not_found' });
    await assert.rejects(empty.ask.ledgerHead({ app: APP }), { code: 'not_found' });
  } finally {
    await empty.close();
  }
});

test('a log whose rows are gone is not served as if it were whole', async () => {
  const damaged = await openGrowingLog();
  try {
    await damaged.growTo(600, 600);
    const { db } = damaged.logs;
    await db.deleteFrom('entries').where('seq', '=', 550).execute();
    await db.deleteFrom('tiles').where('tile', '=', 1).execute();
    for (const path of ['0/002.p/88', 'entries/002.p/88', '0/001', '1/000.p/2']) {
      await assert.rejects(damaged.fetch(`tile/${path}`), { code: 'malformed' }, path);
    }
    assert.ok(await damaged.fetch('tile/0/000'));
    assert.ok(await damaged.fetch('tile/0/002.p/38'));
  } finally {
    await damaged.close();
  }
});
