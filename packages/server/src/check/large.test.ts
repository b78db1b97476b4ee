import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import type { Reason } from './findings.ts';
import { checkLog, type LogCheckOptions } from './log.ts';
import { rewriteFrom } from './testing/forger.ts';
import { keepSqlite, START, type KeptLog, type OpenedLog } from './testing/tampered-logs.ts';

/** One tile of the second level, two more of the first, and 52 entries. */
const SIZE = 65_536 + 2 * 256 + 52;

describe('a log with tiles of two levels', () => {
  let kept: KeptLog;
  let log: OpenedLog;
  before(async () => {
    kept = await keepSqlite(SIZE);
  });
  after(() => kept.close());
  beforeEach(async () => {
    log = await kept.open();
  });
  afterEach(() => log.close());

  const found = async (options: LogCheckOptions = {}): Promise<[number | null, Reason][]> => {
    const { broken } = await checkLog(log.source, options);
    return broken.map(({ seq, reason }) => [seq, reason]);
  };
  const tiles = (level: number, tile: number) =>
    log.db.updateTable('tiles').where('level', '=', level).where('tile', '=', tile);
  const upper = () =>
    log.db.selectFrom('tiles').selectAll().where('level', '=', 1).executeTakeFirstOrThrow();
  /** Entries 30,000 to 31,999 were written in one batch. */
  const somewhere = { from: START + 15_000, to: START + 16_000 };

  test('is sound, whole and in part', async () => {
    assert.deepEqual(await found(), []);
    const part = await checkLog(log.source, somewhere);
    assert.ok(part.ok);
    assert.deepEqual([part.first_seq, part.last_seq], [29_999, 32_000]);
  });

  test('names a tile of the second level by the first entry that it is wrong about', async () => {
    const { hashes } = await upper();
    const changed = Buffer.from(hashes);
    changed[32 * 100] = (changed[32 * 100] as number) ^ 1;
    await tiles(1, 0).set({ hashes: changed }).execute();
    assert.deepEqual(await found(), [[25_600, 'tile']]);
    await log.db.deleteFrom('tiles').where('level', '=', 1).execute();
    assert.deepEqual(await found(somewhere), []);
    assert.deepEqual(await found({ to: START + 1 }), [[0, 'tile']]);
  });

  test('is led to the entries also where two levels of tiles are damaged', async () => {
    const { hashes, root } = await upper();
    await tiles(1, 0)
      .set({ hashes: hashes.subarray(32) })
      .execute();
    await tiles(0, 3).set({ root }).execute();
    await tiles(0, 257).set({ root }).execute();
    await rewriteFrom(log.db, 40_000, {}, 3);
    assert.deepEqual(await found(), [
      [0, 'tile'],
      [768, 'tile'],
      [40_000, 'prev'],
      [40_001, 'prev'],
      [40_002, 'prev'],
      [65_792, 'tile'],
    ]);
    assert.deepEqual(await found(somewhere), []);
    assert.deepEqual((await found({ from: START + 20_000, to: START + 21_000 }))[0], [
      40_000,
      'prev',
    ]);
  });
});
