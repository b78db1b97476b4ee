import type { Kysely } from 'kysely';

import type { EffectTable, HeadsTable, SigningKeysTable, Tables } from './tables.ts';

/** A value that a column can hold, and that can cross to the writer thread. */
export type ColumnValue = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, ColumnValue>>;

/** A column that the writer fills: with the size of the tree around the submission's entries. */
export interface SizedColumn {
  readonly column: string;
  readonly size: 'before' | 'after';
}

/**
 * A change of state that belongs to an entry: applied in the entry's own transaction, or not at
 * all. `update` and `delete` must touch exactly one row unless `any` is set; `insert` must not meet
 * an equal key unless `any` is set, and then leaves what it meets. Where that fails the whole
 * submission is refused with `conflict`.
 */
export type RowEffect =
  | {
      readonly op: 'insert';
      readonly table: EffectTable;
      readonly row: Row;
      readonly any?: true;
      readonly sized?: SizedColumn;
    }
  | {
      readonly op: 'update';
      readonly table: EffectTable;
      readonly where: Row;
      readonly set: Row;
      readonly any?: true;
      readonly sized?: SizedColumn;
    }
  | {
      readonly op: 'delete';
      readonly table: EffectTable;
      readonly where: Row;
      readonly any?: true;
    };

/** Entries [first, end) of a log. */
export type SeqRange = readonly [first: number, end: number];

/**
 * Takes parts with their salts away for good. The only way to do so, and the entry it belongs to
 * says it: `rows` is how many there must be, so that what the entry counts is true.
 */
export interface Removal {
  readonly op: 'remove';
  readonly table: 'parts';
  readonly app: number;
  /** Disjoint; together as many entries as fit in one transaction. */
  readonly ranges: readonly SeqRange[];
  /** Names of parts; all unless given. */
  readonly parts?: readonly string[];
  readonly rows: number;
}

export type Effect = RowEffect | Removal;

export type Head = HeadsTable;
export type SigningKey = SigningKeysTable;

export interface NewPart {
  readonly part: string;
  readonly salt: Uint8Array;
  /** JCS text. */
  readonly body: string;
}

export interface NewEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly created_at: number;
  readonly header: string;
  readonly leaf_hash: Uint8Array;
  readonly fingerprint: Uint8Array | null;
  readonly parts: readonly NewPart[];
}

export interface NewTile {
  readonly level: number;
  readonly tile: number;
  /** 256 hashes of 32 bytes. */
  readonly hashes: Uint8Array;
  /** The node above them: the tile's place in the tile one level up. */
  readonly root: Uint8Array;
}

export interface KnownEntry {
  readonly event_id: string;
  readonly seq: number;
  readonly created_at: number;
  readonly leaf_hash: Uint8Array;
  readonly fingerprint: Uint8Array | null;
}

/** One open transaction. Only valid inside the callback of `LedgerStore.transact`. */
export interface StoreTransaction {
  /** The head of a log, locked against every other writer until the transaction ends. */
  lockHead(app: number): Promise<Head | null>;
  /**
   * The keys that sign this log now, the newest first, with their private halves still sealed: one,
   * and while it takes over from others, those too.
   */
  signingKeys(app: number): Promise<SigningKey[]>;
  /** Entries of this app that already have one of these ids. */
  findEntries(app: number, eventIds: readonly string[]): Promise<KnownEntry[]>;
  /** Leaf hashes of [first, end), 32 bytes each, back to back. */
  readLeaves(app: number, first: number, end: number): Promise<Uint8Array>;
  /** Roots of the full tiles [first, end) of a level, 32 bytes each, back to back. */
  readTileRoots(app: number, level: number, first: number, end: number): Promise<Uint8Array>;
  /**
   * Applies all effects or none: false where one met a conflict, with nothing changed. It may be
   * called again before it has answered; what is asked first comes first.
   */
  applyEffects(effects: readonly Effect[]): Promise<boolean>;
  /** Appends entries and tiles and replaces the head. */
  append(
    app: number,
    entries: readonly NewEntry[],
    tiles: readonly NewTile[],
    head: Head,
  ): Promise<void>;
}

/**
 * Where the ledger is written. One caller at a time within a process; other processes may write
 * the same database.
 *
 * - Durability: when `transact` resolves, everything is on stable storage.
 * - Atomicity: when it rejects with a `StoreFailure` whose `committed` is `no`, nothing is.
 * - Uncertainty: `committed: 'unknown'` means that the commit was sent and its fate is not known.
 *   The store has dropped its connection; the caller must read back before it goes on.
 * - Waiting: it waits for locks until `deadline` (epoch ms) at most. It never retries a commit.
 */
export interface LedgerStore {
  transact<T>(deadline: number, work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Reads outside a transaction, on the writer's own connection, and for index pages. */
  readonly db: Kysely<Tables>;
  /** Writes derived rows (index pages); durable, not part of the ledger. */
  derive(deadline: number, work: (db: Kysely<Tables>) => Promise<void>): Promise<void>;
  /** Upkeep that must happen on the writer's connection; `pages` is what the upkeep asked for. */
  tidy(pages: number): Promise<void>;
  /**
   * One small step of giving back the space of what was removed; begins with step 0. When the last
   * is done, an embedded database has no byte in its files of what was removed before the first.
   */
  reclaim(step: number): Promise<Reclaimed>;
  close(): Promise<void>;
}

export interface Reclaimed {
  /** The step that comes next; null when all is done. */
  readonly next: number | null;
  /** It could not be done just now, as somebody reads what was there before. */
  readonly busy: boolean;
}

export type FailureReason =
  | 'disk_full'
  | 'locked'
  | 'unreachable'
  | 'read_only'
  | 'io_error'
  | 'damaged'
  | 'clock'
  | 'timeout';

/** A write that did not happen, or may not have. `message` is for the operator and is public. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly reason: FailureReason;
  readonly committed: 'no' | 'unknown';

  constructor(
    reason: FailureReason,
    message: string,
    options: { committed?: 'no' | 'unknown'; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.committed = options.committed ?? 'no';
  }
}
