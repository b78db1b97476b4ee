/** What the tests of the store contract are made of. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import type { Kysely } from 'kysely';

import type { Effect, Head, LedgerStore, NewEntry, NewTile } from './port.ts';
import type { Tables } from './tables.ts';

/** One database, opened for a test of the contract. */
export interface OpenedStore {
  readonly store: LedgerStore;
  /** Reads beside the writer, as queries do. */
  readonly read: Kysely<Tables>;
  /** A further writer on the same database: another process, or the same after a restart. */
  readonly reopen: () => Promise<LedgerStore>;
  /** Closes everything, and removes the database. */
  readonly close: () => Promise<void>;
}

export const APP = 7;
const SOON_MS = 5000;

export const soon = () => Date.now() + SOON_MS;

export function entryAt(seq: number, event_id = `evt_${seq}`): NewEntry {
  return {
    seq,
    event_id,
    created_at: 1_790_000_000_000 + seq,
    header: `{"seq":${seq},"text":"ü 漢 \u{1f980} \\u0000"}`,
    leaf_hash: new Uint8Array(randomBytes(32)),
    fingerprint: seq % 2 === 0 ? null : new Uint8Array(randomBytes(16)),
    parts: [
      { part: 'args', salt: new Uint8Array(randomBytes(32)), body: '[1,"\\u0000",null]' },
      { part: 'envelope', salt: new Uint8Array(randomBytes(32)), body: `{"n":${seq},"t":"é\\n"}` },
    ],
  };
}

export function headAfter(entries: readonly NewEntry[], app = APP): Head {
  const last = entries.at(-1) as NewEntry;
  return {
    app,
    size: last.seq + 1,
    last_created_at: last.created_at,
    last_leaf: last.leaf_hash,
    frontier: new Uint8Array(randomBytes(96)),
    checkpoint: `origin\n${last.seq + 1}\n\n— signature\n`,
  };
}

export function entriesFrom(first: number, count: number): NewEntry[] {
  return Array.from({ length: count }, (_, i) => entryAt(first + i));
}

export function append(
  store: LedgerStore,
  entries: readonly NewEntry[],
  tiles: readonly NewTile[] = [],
) {
  const head = headAfter(entries);
  return store.transact(soon(), async (tx) => {
    await tx.lockHead(APP);
    await tx.append(APP, entries, tiles, head);
    return head;
  });
}

export const caller = (name: string): Effect => ({
  op: 'insert',
  table: 'callers',
  row: { app: APP, name, description: null, created_at: 1 },
});

export async function callerNames(read: Kysely<Tables>): Promise<string[]> {
  const rows = await read.selectFrom('callers').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

/** Plain copies: a driver may answer with rows without a prototype and with buffers. */
export const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
        : value;

export const same = (found: unknown, expected: unknown) =>
  assert.deepEqual(plain(found), plain(expected));

export const concat = (hashes: readonly Uint8Array[]) => Buffer.concat(hashes);

/** An entry as its row says it: without its parts. */
export function rowOf({ seq, event_id, created_at, header, leaf_hash, fingerprint }: NewEntry) {
  return { seq, event_id, created_at, header, leaf_hash, fingerprint };
}
