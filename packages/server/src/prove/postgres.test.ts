import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  toBase64,
  verifyCheckpoint,
  verifyConsistency,
  verifyEvidence,
  verifyRange,
} from '@affidavit/ledger';

import { makeLogs, newWriter } from '../store/postgres/testing/logs.ts';
import { openPostgresReader } from '../store/postgres/reader.ts';
import { PostgresStore } from '../store/postgres/store.ts';
import { startPostgres, type TestServer } from '../store/postgres/testing/server.ts';
import { APP, GrowingLog } from './log.fixture.ts';
import { entriesFromBundles, rootFromEntries, rootFromTiles } from './testing/c2sp-client.ts';

/** The same tiles and proofs out of PostgreSQL. */

const SIZES = [1, 256, 513, 65_536, 65_800];

async function openLog(server: TestServer): Promise<GrowingLog> {
  const url = await server.newDatabase();
  const store = new PostgresStore({ url });
  const verifierKeys = await makeLogs(store);
  const source = {
    db: store.db,
    newWriter: (now = Date.now) => newWriter(store, now),
    verifierKeys,
    close: async () => {
      await store.close();
      await server.dropDatabase(url);
    },
  };
  return new GrowingLog(source, openPostgresReader(url));
}

function proveTests(server: TestServer): void {
  let log: GrowingLog;
  before(async () => {
    log = await openLog(server);
    for (const size of SIZES) {
      log.now += 1000;
      await log.growTo(size);
    }
  });
  after(async () => {
    await log.close();
    await server.close();
  });
  const trust = () => ({ verifiers: [log.vkey] });

  for (const size of SIZES) {
    test(`tiles and bundles give the signed root of ${size} entries`, async () => {
      const note = log.checkpoints.get(size) as string;
      const expected = toBase64((await verifyCheckpoint(note, trust())).root);
      assert.equal((await rootFromTiles(log.fetch, size)).toString('base64'), expected);
      const entries = await entriesFromBundles(log.fetch, size);
      assert.equal(rootFromEntries(entries).toString('base64'), expected);
    });
  }

  test('checkpoints are consistent', async () => {
    for (const older of SIZES) {
      const hashes = await log.ask.consistency({ app: APP, older, newer: log.size });
      const notes = [older, log.size].map((size) => log.checkpoints.get(size) as string);
      await verifyConsistency(notes[0] as string, notes[1] as string, hashes, trust());
    }
  });

  test('a range is proved, and evidence of an entry', async () => {
    const times = { from: log.now - 3000, to: log.now - 2999 };
    const frame = await log.ask.rangeFrame({ app: APP, times });
    const [first, end] = [frame.first_seq, frame.last_seq + 1];
    assert.deepEqual([first, end], [0, 257]);
    const text = await log.ask.headers({ app: APP, first, end, format: 'json' });
    const proof = { ...frame, headers: JSON.parse(`[${text}]`) as string[] };
    const range = {
      from: new Date(times.from).toISOString(),
      to: new Date(times.to).toISOString(),
    };
    const verdict = await verifyRange(proof, { ...trust(), ...range });
    assert.deepEqual([verdict.ok, verdict.within], [true, 255]);
    const evidence = await log.ask.evidence({ app: APP, event_id: 'evt_300' });
    assert.deepEqual((await verifyEvidence(evidence, trust())).missing, []);
  });
}

const server = await startPostgres();
if (typeof server === 'string') {
  test('PostgreSQL', { skip: server }, () => undefined);
} else {
  suite('PostgreSQL', () => proveTests(server));
}
