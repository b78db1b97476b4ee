import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';

import type { NewEntry, Removal, SeqRange } from '../port.ts';
import { headAfter } from '../contract.fixture.ts';
import { SqliteStore } from './store.ts';

/** No byte of what was removed stays in any file, however its rows had moved before. */

const APPS = 3;
const ENTRIES = 3600;
const soon = () => Date.now() + 5000;

let folder = '';
let path = '';
let store: SqliteStore;
/** The marker that the body of each part is made of, by app, seq and part. */
let marks: Map<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'affidavit-rinse-'));
  path = join(folder, 'affidavit.db');
  store = new SqliteStore(path);
  marks = new Map();
  const next = Array.from({ length: APPS + 1 }, () => 0);
  for (let at = 0; at < ENTRIES; at += 30) {
    const app = 1 + ((at / 30) % APPS);
    const entries = Array.from({ length: 30 }, () => newEntry(app, next[app]!++));
    await store.transact(soon(), (tx) => tx.append(app, entries, [], headAfter(entries, app)));
  }
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sizes as bodies have them: most small, some beyond a page. */
function bodyOf(mark: string, seq: number): string {
  const odd = (seq * 7919) % 2311;
  const size = odd % 5 === 0 ? odd * 8 : odd + 100;
  return `"${`${mark} `.repeat(size / 21)}"`;
}

function newEntry(app: number, seq: number): NewEntry {
  const parts = ['args', 'envelope', 'response_body'].map((part) => {
    const mark = randomBytes(10).toString('hex');
    marks.set(`${app} ${seq} ${part}`, mark);
    return { part, salt: randomBytes(32), body: bodyOf(mark, seq + part.length) };
  });
  return {
    seq,
    event_id: `evt_${seq}`,
    created_at: seq,
    header: '{}',
    leaf_hash: randomBytes(32),
    fingerprint: null,
    parts,
  };
}

const remove = (removal: Omit<Removal, 'op' | 'table'>) =>
  store.transact(soon(), async (tx) => {
    assert.ok(await tx.applyEffects([{ op: 'remove', table: 'parts', ...removal }]));
  });

async function reclaim(between: () => Promise<void> = async () => undefined): Promise<void> {
  for (let step: number | null = 0, tries = 0; step !== null; tries++) {
    assert.ok(tries < 1000);
    const { next } = await store.reclaim(step);
    step = next;
    await between();
  }
}

/** All markers that stand in any file of the folder. */
function standing(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name)).toString('latin1');
    for (const [mark] of text.matchAll(/[0-9a-f]{20}/g)) found.add(mark);
  }
  return found;
}

function checkpoint(): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

function checkSound(): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    const rows = db.prepare('SELECT app, seq, part, body FROM parts').all();
    for (const { app, seq, part, body } of rows) {
      const mark = marks.get(`${app} ${seq} ${part}`) as string;
      assert.equal(body, bodyOf(mark, Number(seq) + String(part).length));
    }
    assert.equal(rows.length, marks.size, 'every other row is there');
  } finally {
    db.close();
  }
}

/** Takes marks out of the ones that must be there; returns them. */
function take(wanted: (key: string) => boolean): string[] {
  const keys = [...marks.keys()].filter(wanted);
  const gone = keys.map((key) => marks.get(key) as string);
  for (const key of keys) marks.delete(key);
  return gone;
}

const none = (gone: readonly string[]) => {
  const left = standing();
  assert.deepEqual(
    gone.filter((mark) => left.has(mark)),
    [],
  );
};

describe('what was removed', () => {
  test('here and there is in no file when the space is given back', async () => {
    for (let app = 1; app <= APPS; app++) {
      const ranges = Array.from({ length: 120 }, (_, n): SeqRange => [n * 10, n * 10 + 1]);
      await remove({ app, ranges, parts: ['response_body'], rows: 120 });
    }
    const gone = take((key) => /\d+0 response_body$| 0 response_body$/.test(key));
    assert.equal(gone.length, 360);
    checkpoint();
    const before = standing();
    assert.ok(
      gone.some((mark) => before.has(mark)),
      'deleting alone leaves something',
    );
    await reclaim();
    none(gone);
    checkSound();
  });

  test('in ranges gives its pages back', async () => {
    const size = () => readFileSync(path).length;
    await reclaim();
    const before = size();
    await remove({ app: 2, ranges: [[100, 900]], rows: 2400 });
    const gone = take((key) => /^2 [1-8]\d\d /.test(key));
    assert.equal(gone.length, 2400);
    await reclaim();
    none(gone);
    checkSound();
    assert.ok(size() < before * 0.8, `${size()} of ${before}`);
  });

  test('stays away though others write between the steps', async () => {
    await remove({ app: 1, ranges: [[0, 500]], parts: ['envelope', 'args'], rows: 1000 });
    const gone = take((key) => /^1 [1-4]?\d?\d (envelope|args)$/.test(key));
    assert.equal(gone.length, 1000);
    let next = ENTRIES / APPS;
    await reclaim(async () => {
      const entries = [newEntry(1, next++), newEntry(1, next++)];
      await store.transact(soon(), (tx) => tx.append(1, entries, [], headAfter(entries, 1)));
    });
    none(gone);
    checkSound();
  });

  test('waits for a reader of what was there before, and says so', async () => {
    const reader = new DatabaseSync(path, { readOnly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM parts').get();
    await remove({ app: 1, ranges: [[0, 10]], rows: 30 });
    assert.deepEqual(await store.reclaim(1), { next: 1, busy: true });
    reader.exec('COMMIT');
    reader.close();
    assert.equal((await store.reclaim(1)).busy, false);
  });
});
