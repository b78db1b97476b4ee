import {
  CompactRange,
  encodeHeader,
  formatCheckpoint,
  signNote,
  ZERO_HASH,
  type NodeVisitor,
  type NoteSigner,
} from '@affidavit/ledger';

import type { Head, NewEntry, NewTile, StoreTransaction } from '../store/port.ts';
import { hashLeaf, nativeSha256 } from './hash.ts';
import type { PreparedEvent } from './submission.ts';

const HASH_BYTES = 32;
const TILE_WIDTH = 256;
const TILE_LEVELS = 8;

export interface LogSigner {
  readonly origin: string;
  /** More than one while a key takes over from another. */
  readonly signers: readonly NoteSigner[];
}

/** Entries of one log on their way into one transaction. */
export class LogBatch {
  readonly app: number;
  readonly entries: NewEntry[] = [];
  readonly #head: Head;
  readonly #createdAt: number;
  readonly #createdAtText: string;
  readonly #range: CompactRange;
  readonly #nodes: { level: number; index: number; hash: Uint8Array }[] = [];
  #last: Uint8Array | null;

  /** `now` may step back; `created_at` does not. */
  constructor(app: number, head: Head | null, now: number) {
    this.app = app;
    this.#head = head ?? emptyHead(app);
    this.#createdAt = Math.max(now, this.#head.last_created_at);
    this.#createdAtText = new Date(this.#createdAt).toISOString();
    this.#last = this.#head.size === 0 ? null : this.#head.last_leaf;
    this.#range = new CompactRange(
      { begin: 0, end: this.#head.size, hashes: splitHashes(this.#head.frontier) },
      nativeSha256,
    );
  }

  get size(): number {
    return this.#range.end;
  }

  readonly #keepNode: NodeVisitor = (level, index, hash) => {
    if (level > 0 && level % TILE_LEVELS === 0) this.#nodes.push({ level, index, hash });
  };

  /** Gives an event its place: header, chain, leaf. */
  add(event: PreparedEvent): NewEntry {
    const seq = this.#range.end;
    const header = encodeHeader({
      created_at: this.#createdAtText,
      event_id: event.event_id,
      parts: commitmentsOf(event),
      prev: this.#last === null ? ZERO_HASH : hexOf(this.#last),
      seq,
      v: 1,
    });
    const leaf_hash = hashLeaf(header);
    this.#range.append(leaf_hash, this.#keepNode);
    this.#last = leaf_hash;
    const { event_id, fingerprint, parts } = event;
    const created_at = this.#createdAt;
    const entry = { seq, event_id, created_at, header, leaf_hash, fingerprint, parts };
    this.entries.push(entry);
    return entry;
  }

  /** Signs the new checkpoint and writes all of it into the transaction. */
  async write(tx: StoreTransaction, { origin, signers }: LogSigner): Promise<Head> {
    const text = formatCheckpoint({ origin, size: this.size, root: this.#range.root() });
    const head: Head = {
      app: this.app,
      size: this.size,
      last_created_at: this.#createdAt,
      last_leaf: this.#last ?? new Uint8Array(HASH_BYTES),
      frontier: Buffer.concat(this.#range.state().hashes),
      checkpoint: signNote(text, signers, nativeSha256),
    };
    await tx.append(this.app, this.entries, await this.#fullTiles(tx), head);
    return head;
  }

  /** The tiles that this batch fills; what they held before comes from the store. */
  async #fullTiles(tx: StoreTransaction): Promise<NewTile[]> {
    const tiles: NewTile[] = [];
    for (const node of this.#nodes) {
      const level = node.level / TILE_LEVELS - 1;
      const hashes = await this.#tileHashes(tx, level, node.index, tiles);
      tiles.push({ level, tile: node.index, hashes, root: node.hash });
    }
    return tiles;
  }

  async #tileHashes(
    tx: StoreTransaction,
    level: number,
    tile: number,
    written: readonly NewTile[],
  ): Promise<Uint8Array> {
    const first = tile * TILE_WIDTH;
    const end = first + TILE_WIDTH;
    const fresh =
      level === 0
        ? this.entries
            .filter((entry) => entry.seq >= first && entry.seq < end)
            .map((entry) => entry.leaf_hash)
        : written
            .filter((one) => one.level === level - 1 && one.tile >= first && one.tile < end)
            .map((one) => one.root);
    const known = end - fresh.length;
    const before =
      known === first
        ? new Uint8Array(0)
        : level === 0
          ? await tx.readLeaves(this.app, first, known)
          : await tx.readTileRoots(this.app, level - 1, first, known);
    return Buffer.concat([before, ...fresh]);
  }
}

function commitmentsOf({ parts }: PreparedEvent): Record<string, string> {
  const commitments: Record<string, string> = {};
  for (const { part, commitment } of parts) commitments[part] = commitment;
  return commitments;
}

/** The platform's, which is faster than the ledger's. */
const hexOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('hex');

function emptyHead(app: number): Head {
  const nothing = new Uint8Array(0);
  return {
    app,
    size: 0,
    last_created_at: 0,
    last_leaf: nothing,
    frontier: nothing,
    checkpoint: '',
  };
}

function splitHashes(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / HASH_BYTES;
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}
