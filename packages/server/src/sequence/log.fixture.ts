/** Real logs in a real database, with a store that can be made to fail, for the tests beside it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  commitPart,
  leafHash,
  nodeHash,
  parseHeader,
  toHex,
  utf8,
  verifyCheckpoint,
  ZERO_HASH,
  type Sha256,
} from '@affidavit/ledger';
import { createKeyring } from '@affidavit/vault/sealing';
import type { Kysely } from 'kysely';

import {
  StoreFailure,
  type Effect,
  type LedgerStore,
  type Reclaimed,
  type StoreTransaction,
} from '../store/port.ts';
import { SqliteStore } from '../store/sqlite/store.ts';
import type { Tables } from '../store/tables.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { newSigningKey, openSigner } from './signing-keys.ts';
import type { PreparedEvent, Submission } from './submission.ts';

/** Where a transaction fails: `lost` and `kept` are commits that were sent and not answered. */
export type Fault = 'before' | 'during' | 'lost' | 'kept';

export const keyring = createKeyring([new Uint8Array(32).fill(7)]);
const platformSha256: Sha256 = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

class Undone extends Error {}

/** A store that fails as it is told to, once for each fault in line. */
export class FaultyStore implements LedgerStore {
  readonly faults: (Fault | null)[] = [];
  reason: StoreFailure['reason'] = 'unreachable';
  readonly #store: LedgerStore;

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  async transact<T>(deadline: number, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const fault = this.faults.shift() ?? null;
    if (fault === 'before') throw this.#failure('no');
    if (fault === null) return this.#store.transact(deadline, work);
    if (fault === 'kept') {
      await this.#store.transact(deadline, work);
      throw this.#failure('unknown');
    }
    try {
      return await this.#store.transact(deadline, async (tx) => {
        await work(tx);
        throw new Undone();
      });
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      throw this.#failure(fault === 'lost' ? 'unknown' : 'no');
    }
  }

  get db(): Kysely<Tables> {
    return this.#store.db;
  }

  derive(deadline: number, work: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    return this.#store.derive(deadline, work);
  }

  tidy(pages: number): Promise<void> {
    return this.#store.tidy(pages);
  }

  reclaim(step: number): Promise<Reclaimed> {
    return this.#store.reclaim(step);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #failure(committed: 'no' | 'unknown'): StoreFailure {
    return new StoreFailure(this.reason, 'made to fail', { committed });
  }
}

export interface TestLogs {
  readonly store: FaultyStore;
  readonly path: string;
  readonly db: Kysely<Tables>;
  /** Each is a process of its own that writes the same logs. */
  readonly newWriter: (now?: () => number) => LedgerWriter;
  readonly verifierKeys: ReadonlyMap<number, string>;
  readonly close: () => Promise<void>;
}

/** Apps 1 to `apps`, named `app_1` and so on, each with a signing key and an empty log. */
export async function openLogs(apps = 1): Promise<TestLogs> {
  const folder = mkdtempSync(join(tmpdir(), 'affidavit-logs-'));
  const path = join(folder, 'affidavit.db');
  const sqlite = new SqliteStore(path);
  const store = new FaultyStore(sqlite);
  const verifierKeys = new Map<number, string>();
  for (let app = 1; app <= apps; app++) {
    const key = newSigningKey(keyring, app, `ledger.example/app_${app}`, 1);
    verifierKeys.set(app, key.verifier_key);
    const row = { app, app_id: `app_${app}`, name: `app ${app}`, created_at: 1 };
    const effects: Effect[] = [
      { op: 'insert', table: 'apps', row },
      { op: 'insert', table: 'signing_keys', row: key },
    ];
    assert.ok(await sqlite.transact(Date.now() + 5000, (tx) => tx.applyEffects(effects)));
  }
  return {
    store,
    path,
    get db() {
      return sqlite.db;
    },
    newWriter: (now = Date.now) =>
      new LedgerWriter({
        store,
        openSigner: (keys) => openSigner(keyring, keys),
        now,
        pause: async () => undefined,
      }),
    verifierKeys,
    close: async () => {
      await sqlite.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An event as it comes to the sequencer; `version` is what its client sent. */
export function eventOf(event_id: string, version: number | null = null): PreparedEvent {
  const body = JSON.stringify({ event_type: 'api.called', version });
  const salt = new Uint8Array(32).fill(version ?? 0);
  const fingerprint = version === null ? null : new Uint8Array(16).fill(version);
  const commitment = toHex(commitPart('envelope', salt, utf8(body), platformSha256));
  return {
    event_id,
    retriable: version !== null,
    fingerprint,
    parts: [{ part: 'envelope', salt, body, commitment }],
  };
}

export function submissionOf(
  app: number,
  events: readonly PreparedEvent[],
  effects: readonly Effect[] = [],
): Submission {
  return { app, events, effects, deadline: Number.MAX_SAFE_INTEGER };
}

export const callerEffect = (app: number, name: string): Effect => ({
  op: 'insert',
  table: 'callers',
  row: { app, name, description: null, created_at: 1 },
});

/** The levels of the tree over these leaves, whole nodes only, from the definition. */
export function naiveLevels(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const levels: Uint8Array[][] = [[...leaves]];
  for (let below = levels[0] as Uint8Array[]; below.length > 1;) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < below.length; i += 2) {
      above.push(nodeHash(below[i] as Uint8Array, below[i + 1] as Uint8Array, platformSha256));
    }
    levels.push(above);
    below = above;
  }
  return levels;
}

/** RFC 6962 section 2.1, from the right: the root over the first `size` leaves. */
export function naiveRoot(levels: readonly Uint8Array[][], size: number): Uint8Array {
  let root: Uint8Array | null = null;
  let end = size;
  for (let level = 0; end > 0; level++) {
    if (end % 2 === 1) {
      const node = levels[level]?.[end - 1] as Uint8Array;
      root = root === null ? node : nodeHash(node, root, platformSha256);
    }
    end = Math.floor(end / 2);
  }
  return root ?? platformSha256();
}

export interface CheckedEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly created_at: number;
  readonly leaf: string;
}

/** Reads a whole log and checks all that can be checked; returns its entries. */
export async function checkLog(
  { db, verifierKeys }: Pick<TestLogs, 'db' | 'verifierKeys'>,
  app: number,
): Promise<CheckedEntry[]> {
  const rows = await db
    .selectFrom('entries')
    .selectAll()
    .where('app', '=', app)
    .orderBy('seq')
    .execute();
  let prev = ZERO_HASH;
  let time = 0;
  for (const [seq, row] of rows.entries()) {
    const header = parseHeader(row.header);
    const leaf = leafHash(row.header, platformSha256);
    assert.deepEqual([row.seq, header.seq, header.prev], [seq, seq, prev]);
    assert.equal(header.event_id, row.event_id);
    assert.equal(Date.parse(header.created_at), row.created_at);
    assert.ok(row.created_at >= time, 'created_at went back');
    assert.deepEqual(Buffer.from(row.leaf_hash), Buffer.from(leaf));
    prev = toHex(leaf);
    time = row.created_at;
  }
  const levels = naiveLevels(rows.map((row) => row.leaf_hash));
  await checkHead({ db, verifierKeys }, app, levels);
  await checkTiles(db, app, levels);
  return rows.map(({ seq, event_id, created_at, leaf_hash }) => ({
    seq,
    event_id,
    created_at,
    leaf: toHex(leaf_hash),
  }));
}

async function checkHead(
  { db, verifierKeys }: Pick<TestLogs, 'db' | 'verifierKeys'>,
  app: number,
  levels: readonly Uint8Array[][],
): Promise<void> {
  const head = await db.selectFrom('heads').selectAll().where('app', '=', app).executeTakeFirst();
  const size = levels[0]?.length ?? 0;
  assert.equal(head?.size ?? 0, size);
  if (!head || size === 0) return;
  const verifiers = [verifierKeys.get(app) as string];
  const checkpoint = await verifyCheckpoint(head.checkpoint, { verifiers });
  assert.equal(checkpoint.size, size);
  assert.equal(toHex(checkpoint.root), toHex(naiveRoot(levels, size)));
}

/** Every full tile is there, with the hashes and the root of the definition, and no other. */
async function checkTiles(
  db: Kysely<Tables>,
  app: number,
  levels: readonly Uint8Array[][],
): Promise<void> {
  const tiles = await db
    .selectFrom('tiles')
    .selectAll()
    .where('app', '=', app)
    .orderBy('level')
    .orderBy('tile')
    .execute();
  const expected: string[] = [];
  for (let level = 0; level * 8 + 8 < levels.length; level++) {
    const nodes = levels[level * 8] as Uint8Array[];
    const roots = levels[level * 8 + 8] as Uint8Array[];
    for (const [tile, root] of roots.entries()) {
      const hashes = Buffer.concat(nodes.slice(tile * 256, tile * 256 + 256));
      expected.push(`${level}/${tile} ${toHex(platformSha256(hashes))} ${toHex(root)}`);
    }
  }
  const found = tiles.map(
    ({ level, tile, hashes, root }) =>
      `${level}/${tile} ${toHex(platformSha256(hashes))} ${toHex(root)}`,
  );
  assert.deepEqual(found, expected);
}
