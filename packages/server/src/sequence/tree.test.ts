import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { StoreFailure } from '../store/port.ts';
import { checkLog, eventOf, openLogs, submissionOf, type TestLogs } from './log.fixture.ts';
import { findRollbacks, readGuard, writeGuard } from './rollback-guard.ts';
import type { Verdict } from './submission.ts';

/** A log that is long enough for a full tile of the second level, written in uneven batches. */

const SIZE = 256 * 256 + 256 + 17;
const BATCHES = [1, 255, 256, 257, 1, 999, 2000, 513, 2304, 3000];

let logs: TestLogs;
/** Checkpoints by the size that they sign. */
const checkpoints = new Map<number, string>();

before(async () => {
  logs = await openLogs(2);
  let writer = logs.newWriter();
  for (let size = 0, batch = 0; size < SIZE; batch++) {
    if (batch % 7 === 0) writer = logs.newWriter();
    const count = Math.min(BATCHES[batch % BATCHES.length] as number, SIZE - size);
    const events = Array.from({ length: count }, (_, i) => eventOf(`evt_${size + i}`));
    const half = Math.floor(count / 2);
    const submissions = [events.slice(0, half), events.slice(half)].map((some) =>
      submissionOf(1, some),
    );
    const verdicts: Verdict[] = await writer.write(submissions);
    size += count;
    const last = verdicts.at(-1);
    assert.ok(last?.ok && last.receipt.size === size);
    checkpoints.set(size, last.receipt.checkpoint);
  }
});
after(() => logs.close());

test('the tiles of both levels, the chain and the signed root are those of the definition', async () => {
  const entries = await checkLog(logs, 1);
  assert.equal(entries.length, SIZE);
  const tiles = await logs.db.selectFrom('tiles').select(['level', 'tile']).execute();
  assert.equal(tiles.filter(({ level }) => level === 0).length, 257);
  assert.deepEqual(
    tiles.filter(({ level }) => level === 1).map(({ tile }) => tile),
    [0],
  );
});

describe('the rollback guard', () => {
  test('every checkpoint that was ever signed is found again', async () => {
    assert.ok(checkpoints.size > 50);
    for (const [size, checkpoint] of checkpoints) {
      const found = await findRollbacks(logs.db, { app_1: checkpoint });
      assert.deepEqual(found, [], `the checkpoint of size ${size}`);
    }
  });

  test('a log that is shorter than what was signed is behind', async () => {
    const note = checkpoints.get(SIZE)?.replace(`\n${SIZE}\n`, `\n${SIZE + 1}\n`) as string;
    assert.deepEqual(await findRollbacks(logs.db, { app_1: note, app_2: note, app_gone: note }), [
      { app_id: 'app_1', signed_size: SIZE + 1, found_size: SIZE, reason: 'behind' },
      { app_id: 'app_2', signed_size: SIZE + 1, found_size: 0, reason: 'behind' },
      { app_id: 'app_gone', signed_size: SIZE + 1, found_size: 0, reason: 'behind' },
    ]);
  });

  test('a log with another past is another history, at every size', async () => {
    for (const [size, checkpoint] of checkpoints) {
      const [origin, , root, ...rest] = checkpoint.split('\n');
      const other = (root?.startsWith('A') ? 'B' : 'A') + (root as string).slice(1);
      const note = [origin, String(size), other, ...rest].join('\n');
      const [found, ...more] = await findRollbacks(logs.db, { app_1: note });
      assert.deepEqual(more, []);
      assert.deepEqual([found?.reason, found?.signed_size], ['other_history', size]);
    }
  });

  test('entries that are gone from the middle are another history', async () => {
    const sizes = [...checkpoints.keys()].filter((size) => size % 256 !== 0 && size < 10_000);
    const size = sizes.at(-1) as number;
    const note = checkpoints.get(size) as string;
    const [row] = await logs.db
      .selectFrom('entries')
      .selectAll()
      .where('app', '=', 1)
      .where('seq', '=', size - 1)
      .execute();
    await logs.db
      .deleteFrom('entries')
      .where('app', '=', 1)
      .where('seq', '=', size - 1)
      .execute();
    const found = await findRollbacks(logs.db, { app_1: note });
    assert.equal(found[0]?.reason, 'other_history');
    await logs.db
      .insertInto('entries')
      .values(row as NonNullable<typeof row>)
      .execute();
    assert.deepEqual(await findRollbacks(logs.db, { app_1: note }), []);
  });
});

describe('the file of last checkpoints', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'affidavit-guard-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const damaged = (error: unknown) => error instanceof StoreFailure && error.reason === 'damaged';

  test('is empty when it is not there, and comes back as it was written', () => {
    const path = join(folder, 'deep', 'er', 'guard.json');
    assert.deepEqual(readGuard(path), {});
    const kept = { app_1: 'origin\n1\nroot\n\n— signature\n', app_2: 'ü' };
    writeGuard(path, kept);
    assert.deepEqual(readGuard(path), kept);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('is replaced whole: an open reader keeps the old one, and nothing is left beside it', () => {
    const path = join(folder, 'guard.json');
    writeGuard(path, { app_1: 'old' });
    const inode = statSync(path).ino;
    const copy = join(folder, 'copy.json');
    copyFileSync(path, copy);
    writeGuard(path, { app_1: 'new' });
    assert.notEqual(statSync(path).ino, inode);
    assert.deepEqual(readGuard(copy), { app_1: 'old' });
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('guard')),
      ['guard.json'],
    );
  });

  test('a write that broke off leaves the old one', () => {
    const path = join(folder, 'kept.json');
    writeGuard(path, { app_1: 'old' });
    const unfinished = `${path}.new.${process.pid}`;
    writeFileSync(unfinished, '{"app_1":"ha');
    assert.deepEqual(readGuard(path), { app_1: 'old' });
    writeGuard(path, { app_1: 'new' });
    assert.equal(existsSync(unfinished), false);
    assert.deepEqual(readGuard(path), { app_1: 'new' });
  });

  test('one that cannot be read does not count as none', async () => {
    const path = join(folder, 'broken.json');
    for (const text of ['', '{"app_1":', 'null', '[]', '7', '{"app_1":7}']) {
      writeFileSync(path, text);
      assert.throws(() => readGuard(path), damaged, text);
    }
    assert.ok(readFileSync(path).length > 0);
    await assert.rejects(findRollbacks(logs.db, { app_1: 'no checkpoint' }), damaged);
  });
});
