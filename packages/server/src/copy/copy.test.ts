import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';

import { eventOf, openLogs, submissionOf } from '../sequence/log.fixture.ts';
import { startPostgres } from '../store/postgres/testing/server.ts';
import { PRIMARY_KEYS, type Tables } from '../store/tables.ts';
import { copyLedger, type CopyOptions } from './copy.ts';
import { CopyFailure } from './failure.ts';
import { RowSum } from './row-sum.ts';
import { TABLES } from './state.ts';

const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
const APPS = 2;
const ENTRIES = 700;
/** Made by the writer; the other tables are filled by hand, so that none is forgotten. */
const REAL: ReadonlySet<keyof Tables> = new Set([
  'apps',
  'signing_keys',
  'heads',
  'entries',
  'parts',
  'tiles',
]);

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-copy-'));
  folders.push(folder);
  return folder;
}

/** Rows of a table by hand: every column filled by its type, text with what is hard to carry. */
function fill(db: DatabaseSync, table: keyof Tables): void {
  const columns = db
    .prepare('SELECT name, type FROM pragma_table_info(?)')
    .all(table) as unknown as { name: string; type: string }[];
  const key = PRIMARY_KEYS[table] as readonly string[];
  for (let row = 1; row <= 3; row++) {
    const values = columns.map(({ name, type }) => {
      if (name === 'app') return key.length === 1 ? row : 1;
      if (type === 'INTEGER') return 2 ** 40 + row;
      if (type === 'BLOB') return Uint8Array.from({ length: row * 9 }, (_, i) => (i * 37) % 256);
      return key.includes(name) ? `k${row}ü漢` : `t${row} \0 \u{1f980} "'\\`;
    });
    const names = columns.map(({ name }) => name).join(', ');
    db.prepare(`INSERT INTO ${table} (${names}) VALUES (${values.map(() => '?').join()})`).run(
      ...values.map((value, index) =>
        ['status', 'level', 'ready', 'index_pending', 'slot', 'paused'].includes(
          columns[index]?.name ?? '',
        )
          ? row
          : value,
      ),
    );
  }
}

/** A data folder with a ledger of some apps, all of its tables filled. */
async function makeSource(): Promise<string> {
  const logs = await openLogs(APPS);
  const writer = logs.newWriter();
  for (let app = 1; app <= APPS; app++) {
    for (let first = 0; first < ENTRIES; first += 100) {
      const events = Array.from({ length: 100 }, (_, i) => eventOf(`evt_${app}_${first + i}`, i));
      await writer.write([submissionOf(app, events)]);
    }
  }
  await logs.store.close();
  folders.push(dirname(logs.path));
  const db = new DatabaseSync(logs.path);
  for (const table of TABLES) if (!REAL.has(table)) fill(db, table);
  // A key that signs no more, without its private half.
  db.exec(`INSERT INTO signing_keys (app, from_size, origin, verifier_key, public_key,
    sealed_private_key, created_at) SELECT app, 9999, origin, verifier_key, public_key, '', 1
    FROM signing_keys WHERE app = 2`);
  db.close();
  return dirname(logs.path);
}

function rowsOf(folder: string, table: keyof Tables): unknown[] {
  const db = new DatabaseSync(join(folder, 'affidavit.db'), { readOnly: true });
  const rows = db.prepare(`SELECT * FROM ${table} ORDER BY ${PRIMARY_KEYS[table].join()}`).all();
  db.close();
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        // What text in PostgreSQL cannot hold.
        typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value,
      ]),
    ),
  );
}

const copy = (from: string, to: string, more: Partial<CopyOptions> = {}) =>
  copyLedger({ from, to, masterKeys: MASTER_KEY, full: true, ...more });

const fails = (said: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CopyFailure, String(error));
  assert.match(error.message, said);
  return true;
};

const server = await startPostgres();
const skip = typeof server === 'string' ? server : false;

describe('a copy', { skip }, () => {
  if (typeof server === 'string') return;
  after(() => server.close());

  test('has every row of every table as it is, to PostgreSQL and back', async () => {
    const folder = await makeSource();
    const url = await server.newDatabase();
    const there = await copy(`sqlite:${folder}`, url);
    assert.deepEqual(there.differences, []);
    assert.equal(there.entriesChecked, APPS * ENTRIES);
    assert.deepEqual(
      there.logs.map(({ app_id, size }) => [app_id, size]),
      [
        ['app_1', ENTRIES],
        ['app_2', ENTRIES],
      ],
    );
    const dead = await server.query(url, 'SELECT process_id, seen_at FROM processes');
    assert.equal(dead.length, 3, 'who owes an outcome has ended');
    const back = join(newFolder(), 'made');
    const here = await copy(url, `sqlite:${back}`);
    assert.deepEqual(here.differences, []);
    for (const table of TABLES) assert.deepEqual(rowsOf(back, table), rowsOf(folder, table), table);
  });

  test('goes on after any interruption, and ends the same', async () => {
    const folder = await makeSource();
    const url = await server.newDatabase();
    for (let runs = 0; ; runs++) {
      assert.ok(runs < 200, 'it does not get on');
      const stop = new AbortController();
      let steps = 0;
      const onProgress = () => {
        steps += 1;
        if (steps === 2) stop.abort(new Error('interrupted'));
      };
      const run = copy(`sqlite:${folder}`, url, { signal: stop.signal, onProgress });
      const report = await run.catch((error: Error) => {
        assert.equal(error.message, 'interrupted');
        return null;
      });
      if (report === null && runs < TABLES.length) continue;
      const end = report ?? (await copy(`sqlite:${folder}`, url));
      assert.deepEqual(end.differences, []);
      assert.equal(end.resumed, true);
      break;
    }
    const back = newFolder();
    await copy(url, `sqlite:${back}`);
    for (const table of TABLES) assert.deepEqual(rowsOf(back, table), rowsOf(folder, table), table);
  });

  test('of a source that has changed since it began is refused', async () => {
    const folder = await makeSource();
    const url = await server.newDatabase();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('interrupted'));
    await assert.rejects(copy(`sqlite:${folder}`, url, { signal: stop.signal, onProgress }));
    const db = new DatabaseSync(join(folder, 'affidavit.db'));
    db.exec("UPDATE heads SET checkpoint = checkpoint || 'x' WHERE app = 2");
    db.close();
    await assert.rejects(copy(`sqlite:${folder}`, url), fails(/the source has changed since/));
  });

  test('that differs anywhere is found, and no server may start on it', async () => {
    const changes: readonly [string, RegExp][] = [
      [
        "UPDATE entries SET header = replace(header, 'evt_1_5', 'evt_1_6') WHERE seq = 5",
        /app_1: entry 5: /,
      ],
      ["UPDATE parts SET body = body || ' ' WHERE app = 2 AND seq = 7", /app_2: entry 7: part/],
      ['DELETE FROM parts WHERE app = 1 AND seq = 9', /parts: 1400 rows were read.* has 1399/],
      ["UPDATE callers SET description = 'x'", /callers: the target has other rows/],
      ["UPDATE heads SET frontier = '' WHERE app = 1", /app_1: head/],
      ['DELETE FROM entries WHERE app = 2 AND seq = 699', /app_2: entry 699: missing/],
      ["UPDATE tiles SET root = decode(repeat('00', 32), 'hex')", /app_1: entry 0: tile/],
    ];
    const folder = await makeSource();
    for (const [change, said] of changes) {
      const url = await server.newDatabase();
      const stop = new AbortController();
      const onProgress = ({ step }: { step: string }) => {
        if (step === 'checking') stop.abort(new Error('about to check'));
      };
      const first = copy(`sqlite:${folder}`, url, { signal: stop.signal, onProgress });
      await assert.rejects(first, /about to check/);
      await server.query(url, `SET session_replication_role = replica; ${disarm} ${change}`);
      const { differences } = await copy(`sqlite:${folder}`, url);
      assert.match(differences.join('\n'), said, change);
      const marker = "SELECT 1 FROM installation WHERE name = 'copy'";
      assert.equal((await server.query(url, marker)).length, 1, 'the marker stays');
      await server.dropDatabase(url);
    }
  });

  test('needs a target that is empty, and the key', async () => {
    const folder = await makeSource();
    const url = await server.newDatabase();
    const other = Buffer.alloc(32, 8).toString('base64');
    const sealed = /sealed under a master key that is not given/;
    await assert.rejects(copy(`sqlite:${folder}`, url, { masterKeys: other }), fails(sealed));
    await copy(`sqlite:${folder}`, url);
    await assert.rejects(copy(`sqlite:${folder}`, url), fails(/already holds a ledger/));
    const alive = `INSERT INTO processes VALUES ('prc_x', (extract(epoch FROM now()) * 1000)::bigint)`;
    await server.query(url, alive);
    await assert.rejects(copy(url, `sqlite:${newFolder()}`), fails(/1 server process/));
    await assert.rejects(copy(`sqlite:${folder}`, url), fails(/a server runs on the target/));
    await assert.rejects(copy(`sqlite:${folder}`, `sqlite:${folder}`), fails(/are the same/));
    await assert.rejects(copy(`sqlite:${newFolder()}`, url), fails(/there is no ledger/));
  });
});

/** What an owner of the tables can do, and the guards in the database cannot keep from doing. */
const disarm = ['entries', 'parts', 'tiles', 'heads']
  .map((table) => `ALTER TABLE ${table} DISABLE TRIGGER USER;`)
  .join(' ');

describe('the sum of rows', () => {
  const rows = [
    { a: 1, b: 'x', c: null },
    { a: 1, b: 'x', c: new Uint8Array([1, 2]) },
    { a: 12, b: '', c: 'x' },
  ];
  const sumOf = (list: readonly (typeof rows)[number][], before = '') => {
    const sum = new RowSum(before);
    for (const row of list) sum.add(row);
    return `${sum}`;
  };

  test('is the same in any order, and can be taken up again', () => {
    assert.equal(sumOf(rows), sumOf(rows.toReversed()));
    assert.equal(sumOf(rows.slice(1), sumOf(rows.slice(0, 1))), sumOf(rows));
    assert.equal(sumOf([{ c: 'x', b: '', a: 12 }]), sumOf(rows.slice(2)));
  });

  test('is another for rows that are lost, doubled or changed in value or type', () => {
    const sums = [
      sumOf(rows),
      sumOf(rows.slice(1)),
      sumOf([...rows, ...rows.slice(0, 1)]),
      sumOf([]),
      sumOf([{ a: 1, b: '1', c: null }]),
      sumOf([{ a: 11, b: '', c: null }]),
      sumOf([{ a: 1, b: '1', c: '' }]),
      sumOf([{ a: 1, b: '1', c: new Uint8Array(0) }]),
    ];
    assert.equal(new Set(sums).size, sums.length);
  });
});
