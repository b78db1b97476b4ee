import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { sql, type Kysely } from 'kysely';

import { entriesFrom, headAfter } from '../contract.fixture.ts';
import { describeStore } from '../contract.ts';
import { openReadStore } from '../open.ts';
import { StoreFailure, type LedgerStore } from '../port.ts';
import type { Tables } from '../tables.ts';
import { Checkpointer } from './checkpointer.ts';
import { assertSoundVersion } from './open.ts';
import { MIGRATIONS } from './schema.ts';
import { SqliteStore } from './store.ts';

const APP = 7;
const soon = () => Date.now() + 5000;

describeStore('SQLite keeps the contract', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-store-'));
  const path = join(folder, 'affidavit.db');
  const store = new SqliteStore(path);
  await store.transact(soon(), async () => undefined);
  const read = await openReadStore({ kind: 'sqlite', path });
  return {
    store,
    read,
    reopen: async () => new SqliteStore(path),
    close: async () => {
      await Promise.all([store.close(), read.destroy()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'affidavit-sqlite-'));
  path = join(folder, 'affidavit.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function pragma(db: Kysely<Tables>, name: string): Promise<unknown> {
  const { rows } = await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(db);
  return Object.values(rows[0] ?? {})[0];
}

function append(store: LedgerStore, first: number, count: number): Promise<void> {
  const entries = entriesFrom(first, count);
  return store.transact(soon(), (tx) => tx.append(APP, entries, [], headAfter(entries, APP)));
}

const failsWith =
  (reason: string, committed = 'no') =>
  (error: unknown) => {
    assert.ok(error instanceof StoreFailure, String(error));
    assert.deepEqual([error.reason, error.committed], [reason, committed]);
    return true;
  };

describe('SQLite versions', () => {
  for (const version of ['3.7.0', '3.45.1', '3.51.0', '3.51.2', '3.52.0', '2.8.17', '']) {
    test(`${version || 'an unknown version'} is refused`, () =>
      assert.throws(() => assertSoundVersion(version), failsWith('damaged')));
  }
  for (const version of ['3.51.3', '3.52.1', '3.53.0', '3.100.0', '4.0.0']) {
    test(`${version} is sound`, () => assertSoundVersion(version));
  }
});

describe('SQLite durability', () => {
  test('every connection of the writer keeps a write-ahead file and syncs each commit', async () => {
    const store = new SqliteStore(path);
    for (let connection = 0; connection < 2; connection++) {
      assert.equal(await pragma(store.db, 'journal_mode'), 'wal');
      assert.equal(await pragma(store.db, 'synchronous'), 2);
      assert.equal(await pragma(store.db, 'secure_delete'), 1);
      await assert.rejects(
        store.transact(soon(), (tx) => tx.readLeaves(APP, 0, 1)),
        failsWith('damaged'),
      );
    }
    await store.close();
  });

  test('a connection of a reader cannot write', async () => {
    const store = new SqliteStore(path);
    await append(store, 0, 1);
    const read = await openReadStore({ kind: 'sqlite', path });
    await assert.rejects(read.deleteFrom('entries').execute(), /readonly/);
    await read.destroy();
    await store.close();
  });

  test('a database of a newer version is left alone', async () => {
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    assert.throws(() => new SqliteStore(path).db, failsWith('damaged'));
  });

  test('a file that is no database is told as damage', () => {
    writeFileSync(path, 'not a database, '.repeat(1000));
    assert.throws(() => new SqliteStore(path).db, failsWith('damaged'));
  });

  test('a folder that is not there is told as a failure of the store', () => {
    assert.throws(() => new SqliteStore(join(folder, 'none', 'x.db')).db, failsWith('io_error'));
  });
});

describe('SQLite whose file is moved away', () => {
  test('tells at the next commit, and writes to no other', async () => {
    const store = new SqliteStore(path);
    await append(store, 0, 10);
    for (const end of ['', '-wal', '-shm']) renameSync(`${path}${end}`, `${path}.moved${end}`);
    await new SqliteStore(path).close();
    await assert.rejects(append(store, 10, 1), failsWith('damaged', 'unknown'));
    await assert.rejects(append(store, 10, 1), failsWith('damaged', 'unknown'));
    assert.throws(() => store.db, failsWith('damaged', 'unknown'));
    await store.close();
    const other = new SqliteStore(path);
    assert.deepEqual(await other.db.selectFrom('entries').select('seq').execute(), []);
    await other.close();
  });
});

describe('SQLite without room', () => {
  test('a full disk is told, loses nothing, and is over when there is room', async () => {
    const store = new SqliteStore(path);
    await append(store, 0, 10);
    const pages = Number(await pragma(store.db, 'page_count'));
    await sql.raw(`PRAGMA max_page_count = ${pages}`).execute(store.db);
    await assert.rejects(append(store, 10, 2000), failsWith('disk_full'));
    await append(store, 10, 2000);
    const rows = await store.db.selectFrom('entries').select('seq').orderBy('seq').execute();
    assert.deepEqual(
      rows.map((row) => row.seq),
      Array.from({ length: 2010 }, (_, seq) => seq),
    );
    assert.equal(await pragma(store.db, 'integrity_check'), 'ok');
    await store.close();
  });

  test('a full disk while deriving is told as well', async () => {
    const store = new SqliteStore(path);
    await append(store, 0, 1);
    const pages = Number(await pragma(store.db, 'page_count'));
    await sql.raw(`PRAGMA max_page_count = ${pages}`).execute(store.db);
    const page = new Uint8Array(8000);
    const derive = store.derive(soon(), async (db) => {
      for (let first_term = 0; first_term < 50; first_term++) {
        await db.insertInto('postings').values({ app: 1, segment: 0, first_term, page }).execute();
      }
    });
    await assert.rejects(derive, failsWith('disk_full'));
    await append(store, 1, 1);
    await store.close();
  });
});

describe('SQLite upkeep', () => {
  test('moves what was written into the database, and says how long the file is', async () => {
    const store = new SqliteStore(path);
    const before = statSync(path).size;
    const reports: number[] = [];
    const upkeep = new Checkpointer(path, (pages) => reports.push(pages));
    await fill(store, 10);
    await fill(store, 1200);
    await waitFor(() => reports.length > 0);
    assert.ok((reports[0] as number) >= 1024);
    assert.ok(statSync(path).size > before + 1000 * 8000);
    upkeep.close();
    await store.close();
  });

  test('the writer starts a long write-ahead file over', async () => {
    const store = new SqliteStore(path);
    await fill(store, 400);
    const file = `${path}-wal`;
    await store.tidy(20_000);
    const length = statSync(file).size;
    await fill(store, 400);
    assert.equal(statSync(file).size, length);
    await store.tidy(10);
    await fill(store, 400);
    assert.ok(statSync(file).size > length);
    await store.close();
  });
});

/** Writes about as many pages of 8 KiB. */
function fill(store: LedgerStore, pages: number): Promise<void> {
  return store.derive(soon(), async (db) => {
    for (let first_term = 0; first_term < pages; first_term++) {
      const row = { app: 1, segment: 0, first_term, page: new Uint8Array(8000) };
      await db.replaceInto('postings').values(row).execute();
    }
  });
}

async function waitFor(until: () => boolean): Promise<void> {
  for (let tries = 0; !until(); tries++) {
    assert.ok(tries < 500, 'it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
