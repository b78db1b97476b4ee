import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { fsck, FsckFailure } from './fsck.ts';
import { keepSqlite, type KeptLog, type OpenedLog } from './testing/tampered-logs.ts';

/** A database file with wrong bytes somewhere, as a bad disk or a bad person leaves it. */

const RUNS = 120;
/** Columns that the ledger answers for: all but `fingerprint`, which only tells retries apart. */
const LEDGER = [
  'SELECT app, seq, event_id, created_at, header, leaf_hash FROM entries',
  'SELECT app, seq, part, salt, body FROM parts',
  'SELECT app, level, tile, hashes, root FROM tiles',
  'SELECT app, size, last_created_at, last_leaf, frontier, checkpoint FROM heads',
  'SELECT app, from_size, origin, verifier_key, public_key FROM signing_keys',
];

const folder = mkdtempSync(join(tmpdir(), 'affidavit-flips-'));
let kept: KeptLog;
let log: OpenedLog;
let whole: Buffer;
let content: string;
before(async () => {
  kept = await keepSqlite(300);
  log = await kept.open();
  assert.equal(log.database.kind, 'sqlite');
  whole = readFileSync(log.database.kind === 'sqlite' ? log.database.path : '');
  content = contentOf(whole) as string;
});
after(async () => {
  await log.close();
  await kept.close();
  rmSync(folder, { recursive: true });
});

let files = 0;
function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `${files++}.db`);
  writeFileSync(path, bytes);
  return path;
}

/** Digest of all that the ledger answers for, byte by byte; null where it cannot be read. */
function contentOf(bytes: Uint8Array): string | null {
  const path = fileOf(bytes);
  const digest = createHash('sha256');
  const db = new DatabaseSync(path);
  try {
    for (const query of LEDGER) {
      const columns = /SELECT (.*) FROM/.exec(query)?.[1]?.split(', ') ?? [];
      const blobs = columns.map((column) => `cast(${column} as blob) AS ${column}`).join();
      const raw = query.replace(columns.join(', '), blobs);
      for (const row of db.prepare(raw).iterate()) {
        for (const value of Object.values(row)) digest.update(`${String(value)},`);
      }
    }
    return digest.digest('hex');
  } catch {
    return null;
  } finally {
    db.close();
    rmSync(path);
  }
}

/** What came of `fsck`: 0 sound, 1 broken, 2 could not check. */
async function codeOf(bytes: Uint8Array): Promise<0 | 1 | 2> {
  const path = fileOf(bytes);
  try {
    const { ok } = await fsck({ database: { kind: 'sqlite', path }, guardPath: null });
    return ok ? 0 : 1;
  } catch (error) {
    assert.ok(error instanceof FsckFailure, String(error));
    return 2;
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  }
}

const flips = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    xor: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 3 },
);

test('flipped bytes never pass as sound where they change the ledger, nor end the process', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(flips, async (some) => {
      const bytes = Buffer.from(whole);
      for (const { at, xor } of some) bytes[Math.floor(at * bytes.length)]! ^= xor;
      const code = await codeOf(bytes);
      if (contentOf(bytes) !== content) assert.notEqual(code, 0);
      if (code !== 0) found++;
    }),
    { numRuns: RUNS },
  );
  assert.ok(found > RUNS / 4, `only ${found} of ${RUNS} were in what is used of the file`);
});

test('a file that is cut short, empty, or none at all is not sound', async () => {
  for (const length of [0, 1, 100, 8192, whole.length / 2, whole.length - 8192]) {
    assert.notEqual(await codeOf(whole.subarray(0, length)), 0, String(length));
  }
  assert.notEqual(await codeOf(Buffer.alloc(100_000, 'no database ')), 0);
  assert.equal(await codeOf(whole), 0);
});
