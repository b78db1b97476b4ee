import {
  CompactRange,
  fromHex,
  LedgerError,
  rangeNodes,
  readRange,
  TILE_HEIGHT,
  TILE_WIDTH,
  toHex,
  type Checkpoint,
} from '@affidavit/ledger';

import { storedNodes } from '../prove/nodes.ts';
import { nativeSha256 } from '../sequence/hash.ts';
import { readable, type LogSource } from './source.ts';
import { findDamage, readTile, rootOf, splitHashes, type Hashes } from './tile.ts';

/**
 * The compact range [0, size) whose root is the signed one: as it is kept with the head, or put
 * together from the stored tree. Null where neither gives that root.
 */
export async function signedFrontier(
  { db, app }: LogSource,
  { size, root }: Checkpoint,
  kept: unknown,
): Promise<Hashes | null> {
  const isSigned = (hashes: Hashes) => toHex(rangeOf(0, size, hashes).root()) === toHex(root);
  const first = splitHashes(kept, rangeNodes(0, size).length);
  if (first && isSigned(first)) return first;
  const again = await readable(() =>
    readNodes(() => readRange(0, size, storedNodes(db, app, size))),
  );
  return again && isSigned(again) ? again : null;
}

/** A compact range (see the ledger) out of its hashes. */
export const rangeOf = (begin: number, end: number, hashes: Hashes): CompactRange =>
  new CompactRange({ begin, end, hashes: hashes.map(fromHex) }, nativeSha256);

/** Null where hashes are missing from the store. */
async function readNodes(read: () => Promise<Uint8Array[]>): Promise<Hashes | null> {
  try {
    return (await read()).map(toHex);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

/** Leaves [begin, end) below one node of the tree. */
export interface Span {
  readonly begin: number;
  readonly end: number;
  /** The node, as signed; null where what is stored does not lead from the checkpoint to it. */
  readonly node: string | null;
}

/** Hashes of one level that stand below one signed node. */
interface Group {
  readonly first: number;
  readonly hashes: Hashes | null;
}

interface FrontierNode {
  /** Its first leaf. */
  readonly begin: number;
  readonly level: number;
  readonly hash: string | null;
}

/**
 * What a checkpoint says of each node of its tree: followed from the signed root down through the
 * stored tiles, of which each is believed only as far as it hashes to the node above.
 */
export class SignedTree {
  readonly #source: LogSource;
  readonly #frontier: readonly FrontierNode[];
  readonly #onTile: (seq: number) => void;
  /** The last group that was read, by level of tiles. */
  readonly #groups = new Map<number, Group>();

  /** `frontier` null: nothing is known. `onTile` gets the first entry of each damage in a tile. */
  constructor(
    source: LogSource,
    {
      size,
      frontier,
      onTile,
    }: {
      readonly size: number;
      readonly frontier: Hashes | null;
      readonly onTile: (seq: number) => void;
    },
  ) {
    this.#source = source;
    this.#onTile = onTile;
    this.#frontier = rangeNodes(0, size).map(({ level, index }, i) => ({
      begin: index * 2 ** level,
      level,
      hash: frontier?.[i] ?? null,
    }));
  }

  /** The spans that hold [first, end), of one tile at most each. */
  async *spans(first: number, end: number): AsyncGenerator<Span> {
    for (let begin = first - (first % TILE_WIDTH); begin < end;) {
      const span = await this.#spanAt(begin);
      if (span.end > first) yield span;
      begin = span.end;
    }
  }

  async #spanAt(begin: number): Promise<Span> {
    const top = this.#topOf(begin);
    if (top.level < TILE_HEIGHT) return { begin, end: begin + 2 ** top.level, node: top.hash };
    const node = await this.#node(1, begin / TILE_WIDTH);
    return { begin, end: begin + TILE_WIDTH, node };
  }

  #topOf(leaf: number): FrontierNode {
    const at = this.#frontier.findLastIndex(({ begin }) => begin <= leaf);
    return this.#frontier[at] as FrontierNode;
  }

  /** The node above tile `index` of tile level `level - 1`. */
  async #node(level: number, index: number): Promise<string | null> {
    const width = TILE_WIDTH ** level;
    const top = this.#topOf(index * width);
    if (top.level === level * TILE_HEIGHT) return top.hash;
    const first = Math.max(index - (index % TILE_WIDTH), top.begin / width);
    const known = this.#groups.get(level);
    const group = known?.first === first ? known : await this.#readGroup(level, first, top);
    this.#groups.set(level, group);
    return group.hashes?.[index - first] ?? null;
  }

  async #readGroup(level: number, first: number, top: FrontierNode): Promise<Group> {
    const isTile = top.level >= (level + 1) * TILE_HEIGHT;
    const count = isTile ? TILE_WIDTH : 2 ** (top.level - level * TILE_HEIGHT);
    const node = isTile ? await this.#node(level + 1, first / TILE_WIDTH) : top.hash;
    if (node === null) return { first, hashes: null };
    const tile = isTile ? await readTile(this.#source, level, first / TILE_WIDTH) : null;
    const isTrue = (hashes: Hashes | null): hashes is Hashes =>
      hashes !== null && rootOf(hashes) === node;
    let hashes: Hashes | null = tile?.hashes ?? null;
    if (!isTrue(hashes)) hashes = await this.#rootsBelow(level, first, count);
    if (!isTrue(hashes)) hashes = await this.#rootsAgain(level, first, count);
    if (!isTrue(hashes)) hashes = null;
    if (isTile) {
      const at = findDamage(tile, { hashes, root: node });
      if (at !== null) this.#onTile((first + at) * TILE_WIDTH ** level);
    }
    return { first, hashes };
  }

  /** As kept with the tiles one level below. */
  async #rootsBelow(level: number, first: number, count: number): Promise<Hashes | null> {
    const { db, app } = this.#source;
    const rows = await readable(() =>
      db
        .selectFrom('tiles')
        .select('root')
        .where('app', '=', app)
        .where('level', '=', level - 1)
        .where('tile', '>=', first)
        .where('tile', '<', first + count)
        .orderBy('tile')
        .execute(),
    );
    const roots = rows?.map(({ root }) => root).filter((root) => root instanceof Uint8Array);
    return splitHashes(roots && Buffer.concat(roots), count);
  }

  /** Hashed again from the tiles one level below. */
  async #rootsAgain(level: number, first: number, count: number): Promise<Hashes | null> {
    const roots: string[] = [];
    for (let index = first; index < first + count; index++) {
      const tile = await readTile(this.#source, level - 1, index);
      if (tile === null) return null;
      roots.push(rootOf(tile.hashes));
    }
    return roots;
  }
}
