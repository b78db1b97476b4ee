import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { sql, type Kysely } from 'kysely';

import {
  StoreFailure,
  type Effect,
  type Head,
  type KnownEntry,
  type LedgerStore,
  type NewEntry,
  type NewTile,
  type Reclaimed,
  type Removal,
  type SigningKey,
  type StoreTransaction,
} from '../port.ts';
import { compileEffect, isApplied } from '../effects.ts';
import type { Tables } from '../tables.ts';
import { kyselyOn } from './dialect.ts';
import { SQLITE_BUSY, SQLITE_CONSTRAINT, sqliteCode, toStoreFailure } from './failure.ts';
import { openWriter } from './open.ts';
import { Prepared } from './prepared.ts';
import { PageFile } from './rinse.ts';

const LOCK_RETRY_MS = 20;
/** Pages of the write-ahead file (8 KiB each) after which the writer itself moves them over. */
const WAL_PAGES_MAX = 16_384;
/** Pages of one step of `reclaim`: as long as a few commits. */
const VACUUM_PAGES = 512;
const RINSE_PAGES = 1024;

interface Statements {
  readonly lockHead: StatementSync;
  readonly signingKeys: StatementSync;
  readonly findEntry: StatementSync;
  readonly readLeaves: StatementSync;
  readonly readTileRoots: StatementSync;
  readonly insertEntry: StatementSync;
  readonly insertPart: StatementSync;
  readonly insertTile: StatementSync;
  readonly replaceHead: StatementSync;
}

function prepareStatements(db: DatabaseSync): Statements {
  return {
    lockHead: db.prepare('SELECT * FROM heads WHERE app = ?'),
    signingKeys: db.prepare(
      "SELECT * FROM signing_keys WHERE app = ? AND sealed_private_key <> '' ORDER BY from_size DESC",
    ),
    findEntry: db.prepare(
      'SELECT event_id, seq, created_at, leaf_hash, fingerprint FROM entries WHERE app = ? AND event_id = ?',
    ),
    readLeaves: db.prepare(
      'SELECT leaf_hash AS hash FROM entries WHERE app = ? AND seq >= ? AND seq < ? ORDER BY seq',
    ),
    readTileRoots: db.prepare(
      'SELECT root AS hash FROM tiles WHERE app = ? AND level = ? AND tile >= ? AND tile < ? ORDER BY tile',
    ),
    insertEntry: db.prepare(
      'INSERT INTO entries (app, seq, event_id, created_at, header, leaf_hash, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    insertPart: db.prepare('INSERT INTO parts (app, seq, part, salt, body) VALUES (?, ?, ?, ?, ?)'),
    insertTile: db.prepare(
      'INSERT INTO tiles (app, level, tile, hashes, root) VALUES (?, ?, ?, ?, ?)',
    ),
    replaceHead: db.prepare(
      'INSERT OR REPLACE INTO heads (app, size, last_created_at, last_leaf, frontier, checkpoint) VALUES (?, ?, ?, ?, ?, ?)',
    ),
  };
}

function concatHashes(rows: readonly unknown[], expected: number): Uint8Array {
  if (rows.length !== expected) {
    throw new StoreFailure('damaged', 'hashes of the tree are missing from the database');
  }
  return Buffer.concat((rows as { hash: Uint8Array }[]).map((row) => row.hash));
}

function fileAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}/${found.ino}` : null;
}

/** One connection and what hangs on it; replaced whole after a failure that cannot be trusted. */
class Connection implements StoreTransaction {
  readonly database: DatabaseSync;
  readonly db: Kysely<Tables>;
  readonly #path: string;
  /** Names the file that was opened, whatever stands at its path now. */
  readonly #file: string | null;
  readonly #statements: Statements;
  readonly #prepared: Prepared;

  constructor(path: string) {
    this.database = openWriter(path);
    this.#path = path;
    this.#file = fileAt(path);
    this.#prepared = new Prepared(this.database);
    this.db = kyselyOn(this.database, this.#prepared);
    this.#statements = prepareStatements(this.database);
  }

  /** Whether the file is still the one that a start would find. */
  get isInPlace(): boolean {
    return fileAt(this.#path) === this.#file;
  }

  async lockHead(app: number): Promise<Head | null> {
    return (this.#statements.lockHead.get(app) as Head | undefined) ?? null;
  }

  async signingKeys(app: number): Promise<SigningKey[]> {
    return this.#statements.signingKeys.all(app) as unknown as SigningKey[];
  }

  async findEntries(app: number, eventIds: readonly string[]): Promise<KnownEntry[]> {
    const rows = eventIds.map((id) => this.#statements.findEntry.get(app, id));
    return rows.filter((row) => row !== undefined) as unknown as KnownEntry[];
  }

  async readLeaves(app: number, first: number, end: number): Promise<Uint8Array> {
    return concatHashes(this.#statements.readLeaves.all(app, first, end), end - first);
  }

  async readTileRoots(app: number, level: number, first: number, end: number): Promise<Uint8Array> {
    return concatHashes(this.#statements.readTileRoots.all(app, level, first, end), end - first);
  }

  async applyEffects(effects: readonly Effect[]): Promise<boolean> {
    this.database.exec('SAVEPOINT effects');
    const applied = effects.every((effect) => this.#applyEffect(effect));
    this.database.exec(applied ? 'RELEASE effects' : 'ROLLBACK TO effects; RELEASE effects');
    return applied;
  }

  #applyEffect(effect: Effect): boolean {
    if (effect.op === 'remove') return isApplied(effect, this.#remove(effect));
    const { sql: text, parameters } = compileEffect(this.db, effect);
    try {
      const { changes } = this.#prepared.get(text).statement.run(...(parameters as never[]));
      return isApplied(effect, Number(changes));
    } catch (error) {
      if (sqliteCode(error) === SQLITE_CONSTRAINT) return false;
      throw error;
    }
  }

  #remove({ app, ranges, parts }: Removal): number {
    const names = parts === undefined ? '' : ` AND part IN (${parts.map(() => '?').join()})`;
    const removed = this.database.prepare(
      `DELETE FROM parts WHERE app = ? AND seq >= ? AND seq < ?${names}`,
    );
    let rows = 0;
    for (const [first, end] of ranges) {
      rows += Number(removed.run(app, first, end, ...(parts ?? [])).changes);
    }
    return rows;
  }

  async append(
    app: number,
    entries: readonly NewEntry[],
    tiles: readonly NewTile[],
    head: Head,
  ): Promise<void> {
    const { insertEntry, insertPart, insertTile, replaceHead } = this.#statements;
    for (const e of entries) {
      insertEntry.run(app, e.seq, e.event_id, e.created_at, e.header, e.leaf_hash, e.fingerprint);
      for (const p of e.parts) insertPart.run(app, e.seq, p.part, p.salt, p.body);
    }
    for (const t of tiles) insertTile.run(app, t.level, t.tile, t.hashes, t.root);
    const { size, last_created_at, last_leaf, frontier, checkpoint } = head;
    replaceHead.run(app, size, last_created_at, last_leaf, frontier, checkpoint);
  }

  close(): void {
    try {
      this.database.close();
    } catch {
      // A connection that failed may refuse to close; it is dropped either way.
    }
  }
}

/** The embedded store. See `LedgerStore` for what it promises. */
export class SqliteStore implements LedgerStore {
  readonly #path: string;
  #connection: Connection | null = null;
  /** For good: what stands at the path now must not be mixed with what is under way. */
  #moved: StoreFailure | null = null;
  #pages: PageFile | null = null;

  /** Throws `StoreFailure` where the file cannot be opened. */
  constructor(path: string) {
    this.#path = path;
    this.#open();
  }

  get db(): Kysely<Tables> {
    return this.#open().db;
  }

  async transact<T>(deadline: number, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const connection = this.#open();
    await this.#begin(connection, deadline);
    const result = await this.#attempt(connection, 'no', () => work(connection));
    await this.#attempt(connection, 'unknown', async () => connection.database.exec('COMMIT'));
    this.#assertInPlace(connection);
    return result;
  }

  async derive(deadline: number, work: (db: Kysely<Tables>) => Promise<void>): Promise<void> {
    const connection = this.#open();
    await this.#begin(connection, deadline);
    await this.#attempt(connection, 'no', () => work(connection.db));
    await this.#attempt(connection, 'unknown', async () => connection.database.exec('COMMIT'));
  }

  /** Moves pages from the write-ahead file when a background checkpoint could not keep it short. */
  async tidy(walPages: number): Promise<void> {
    if (walPages < WAL_PAGES_MAX) return;
    await sql`PRAGMA wal_checkpoint(RESTART)`.execute(this.db);
  }

  /**
   * First free pages go from the end of the file, then what rows left behind in pages that stay is
   * zeroed, and nothing stays in the write-ahead file.
   */
  async reclaim(step: number): Promise<Reclaimed> {
    const connection = this.#open();
    this.#assertInPlace(connection);
    const { database } = connection;
    if (step === 0) {
      database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
      const [free] = Object.values(database.prepare('PRAGMA freelist_count').get() ?? {});
      return { next: Number(free) > 0 ? 0 : 1, busy: false };
    }
    const [busy] = Object.values(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {});
    return busy === 0 ? this.#rinse(database, step) : { next: step, busy: true };
  }

  #rinse(database: DatabaseSync, first: number): Reclaimed {
    this.#pages ??= new PageFile(this.#path);
    database.exec('BEGIN IMMEDIATE');
    try {
      const { next, zeroed } = this.#pages.rinse(first, RINSE_PAGES);
      // What this connection has cached of those pages must not be written back.
      if (zeroed > 0) this.#drop();
      return { next, busy: false };
    } finally {
      if (database.isOpen) database.exec('ROLLBACK');
    }
  }

  async close(): Promise<void> {
    this.#connection?.close();
    this.#connection = null;
  }

  /** What was committed to a file that no start would find is as good as lost. */
  #assertInPlace(connection: Connection): void {
    if (connection.isInPlace) return;
    const message = 'the database file was moved or replaced while the server runs; restart it';
    this.#drop();
    this.#moved = new StoreFailure('damaged', message, { committed: 'unknown' });
    throw this.#moved;
  }

  #open(): Connection {
    if (this.#moved) throw this.#moved;
    if (this.#connection) return this.#connection;
    try {
      this.#connection = new Connection(this.#path);
      return this.#connection;
    } catch (error) {
      throw toStoreFailure(error, 'no');
    }
  }

  async #begin(connection: Connection, deadline: number): Promise<void> {
    for (;;) {
      try {
        connection.database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        const again = sqliteCode(error) === SQLITE_BUSY && Date.now() + LOCK_RETRY_MS < deadline;
        if (!again) {
          if (sqliteCode(error) !== SQLITE_BUSY) this.#drop();
          throw toStoreFailure(error, 'no');
        }
        await sleep(LOCK_RETRY_MS);
      }
    }
  }

  /** Runs a step; when it fails, the connection is not trusted again. */
  async #attempt<T>(
    connection: Connection,
    committed: 'no' | 'unknown',
    step: () => Promise<T>,
  ): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#rollback(connection);
      if (error instanceof StoreFailure || sqliteCode(error) !== undefined) {
        this.#drop();
        throw toStoreFailure(error, committed);
      }
      throw error;
    }
  }

  #rollback(connection: Connection): void {
    try {
      if (connection.database.isTransaction) connection.database.exec('ROLLBACK');
    } catch {
      this.#drop();
    }
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}
