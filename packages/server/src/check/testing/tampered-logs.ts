/** Logs to tamper with, as somebody does who has the database, for the tests beside it. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AuditEvent } from '@affidavit/schema';
import type { Kysely } from 'kysely';

import { Indexer } from '../../indexing/indexer.ts';
import { writeIndexPages, type IndexWrite } from '../../indexing/write.ts';
import { prepareEvent } from '../../ingest/prepare.ts';
import { submissionOf } from '../../sequence/log.fixture.ts';
import { openReadStore, type Database } from '../../store/open.ts';
import type { LedgerStore } from '../../store/port.ts';
import { makeLogs, newWriter } from '../../store/postgres/testing/logs.ts';
import { PostgresStore } from '../../store/postgres/store.ts';
import type { TestServer } from '../../store/postgres/testing/server.ts';
import { kyselyOn } from '../../store/sqlite/dialect.ts';
import { SqliteStore } from '../../store/sqlite/store.ts';
import type { Tables } from '../../store/tables.ts';
import type { LogSource } from '../source.ts';

export const APP = 1;
export const START = 1_790_000_000_000;
/** Entries of one batch, which have one time; the next one is a second later. */
export const BATCH = 100;

export const SEGMENTS = { small: 64, merged: 256 };

/** A copy that can be tampered with. */
export interface OpenedLog {
  /** Puts what guards the tables in its place, or away. Without it they can be tampered with. */
  guard(on: boolean): Promise<unknown>;
  readonly source: LogSource;
  readonly db: Kysely<Tables>;
  readonly database: Database;
  close(): Promise<void>;
}

/** A log that stays as it was written. */
export interface KeptLog {
  readonly size: number;
  open(): Promise<OpenedLog>;
  close(): Promise<void>;
}

/** Entries that say what was removed, by their place. */
const TELLING: ReadonlyMap<number, object> = new Map([
  [650, { ranges: [[0, 99]] }],
  [651, { parts: ['args'], ranges: [[90, 299]] }],
  [652, { parts: ['envelope', 'response_body'], ranges: [[100, 299]] }],
]);

/** All others, with two parts or three. */
const plainEvent = (seq: number): AuditEvent => ({
  event_type: 'api.called',
  reason: `entry ${seq} \u{1f980}`,
  args: { seq, text: '\ufffd' },
  ...(seq % 3 === 0 ? { response_body: { ok: true, seq } } : {}),
});

function eventOf(seq: number) {
  const args = TELLING.get(seq) as AuditEvent['args'];
  const event_type = seq === 650 ? 'retention.swept' : 'erasure.executed';
  const event = args ? { event_type, source: 'observed' as const, args } : plainEvent(seq);
  return prepareEvent(event, { event_id: `evt_${seq}`, retriable: false, fingerprint: null });
}

/** Logs of more entries are written faster, and without an index. */
const SMALL_MAX = 10_000;
const LARGE_BATCH = 2000;

/** A log and, with segments small enough for it, its index. */
async function fill(store: LedgerStore, size: number): Promise<void> {
  await makeLogs(store);
  let now = START;
  const writer = newWriter(store, () => now);
  const batch = size > SMALL_MAX ? LARGE_BATCH : BATCH;
  for (let first = 0; first < size; first += batch) {
    const count = Math.min(batch, size - first);
    const events = Array.from({ length: count }, (_, i) => eventOf(first + i));
    const [verdict] = await writer.write([submissionOf(APP, events)]);
    assert.ok(verdict?.ok);
    now += 1000;
  }
  if (size > SMALL_MAX) return;
  const { db } = store;
  const write = (step: IndexWrite) =>
    store.derive(Date.now() + 10_000, (at) => writeIndexPages(at, step));
  await new Indexer({ db, write, segmentSizes: SEGMENTS }).catchUp(APP);
}

async function openLog(
  database: Database,
  db: Kysely<Tables>,
  { guard, remove }: { guard: OpenedLog['guard']; remove: () => Promise<void> },
): Promise<OpenedLog> {
  const reading = await openReadStore(database);
  const close = async () => {
    await Promise.all([db.destroy(), reading.destroy()]);
    await remove();
  };
  const source = { db: reading, kind: database.kind, app: APP };
  return { source, db, database, guard, close };
}

export async function keepSqlite(size: number): Promise<KeptLog> {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-check-'));
  const path = join(folder, 'affidavit.db');
  const store = new SqliteStore(path);
  await fill(store, size);
  await store.close();
  let copies = 0;
  const open = async () => {
    const copy = `${path}.${copies++}`;
    copyFileSync(path, copy);
    const remove = async () => rmSync(copy);
    const hooks = { guard: async () => undefined, remove };
    return openLog({ kind: 'sqlite', path: copy }, kyselyOn(new DatabaseSync(copy)), hooks);
  };
  return { size, open, close: async () => rmSync(folder, { recursive: true }) };
}

/** All triggers of our tables and of their partitions. */
const TRIGGERS = `
  SELECT c.relname AS table, t.tgname AS name
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid`;

async function guardTables(server: TestServer, url: string, on: boolean): Promise<void> {
  const triggers = await server.query(url, TRIGGERS);
  const to = on ? 'ENABLE ALWAYS' : 'DISABLE';
  const each = triggers.map(({ table, name }) => `ALTER TABLE ${table} ${to} TRIGGER ${name}`);
  await server.query(url, each.join(';'));
}

export async function keepPostgres(server: TestServer, size: number): Promise<KeptLog> {
  const url = await server.newDatabase();
  const store = new PostgresStore({ url });
  await fill(store, size);
  await store.close();
  await guardTables(server, url, false);
  const nameOf = (of: string) => new URL(of).pathname.slice(1);
  const open = async () => {
    const copy = await server.newDatabase();
    await server.dropDatabase(copy);
    const other = new URL(url);
    other.pathname = '/postgres';
    const text = `CREATE DATABASE ${nameOf(copy)} TEMPLATE ${nameOf(url)}`;
    await server.query(other.href, text);
    const own = new PostgresStore({ url: copy });
    const db = own.db;
    return openLog({ kind: 'postgres', url: copy }, db, {
      guard: (on) => guardTables(server, copy, on),
      remove: async () => {
        await own.close();
        await server.dropDatabase(copy);
      },
    });
  };
  return { size, open, close: () => server.dropDatabase(url) };
}
