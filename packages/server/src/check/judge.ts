import { parseHeader, TILE_WIDTH, ZERO_HASH } from '@affidavit/ledger';

import type { Examined } from './entry.ts';
import type { Findings } from './findings.ts';
import type { Span } from './signed-tree.ts';
import { readable, type LogSource } from './source.ts';
import { findDamage, readTile, rootOf, type Hashes, type StoredTile } from './tile.ts';

export interface LogEnd {
  readonly size: number;
  /** The leaf hash of the last entry, as kept with the head. */
  readonly last_leaf: string;
}

/**
 * Holds the entries of a log, span by span, against the signed tree and against each other, and
 * names those that are not what they were.
 */
export class Judge {
  readonly #source: LogSource;
  readonly #end: LogEnd;
  readonly #findings: Findings;
  #before: Examined | null;
  /** `created_at` of the last entry that is sound. */
  #time = '';

  /** `begin` is the first entry that it will see. */
  constructor(
    source: LogSource,
    { begin, ...end }: LogEnd & { begin: number },
    findings: Findings,
  ) {
    this.#source = source;
    this.#end = end;
    this.#findings = findings;
    this.#before = begin === 0 ? BEFORE_ALL : null;
  }

  /** The last entry that it has seen. */
  get last(): Examined | null {
    return this.#before;
  }

  /** All entries of one span, in order. Returns the node above them, if all have a leaf hash. */
  async judge(span: Span, entries: readonly Examined[]): Promise<string | null> {
    const isTile = span.end - span.begin === TILE_WIDTH;
    const { level, index } = { level: 0, index: span.begin / TILE_WIDTH };
    const tile = isTile ? await readTile(this.#source, level, index) : null;
    const leaves = entries.map(({ leaf }) => leaf);
    const node = isWhole(leaves) ? rootOf(leaves) : null;
    const truth = truthOf(span, node, [leaves, tile?.hashes ?? [], columnsOf(entries)]);
    for (const [i, entry] of entries.entries()) this.#judgeOne(entry, truth?.[i] ?? null);
    if (truth === null) await this.#followChain(span, entries);
    if (isTile) this.#judgeTile(span, tile, { hashes: truth ?? leaves, root: span.node ?? node });
    this.#before = entries.at(-1) ?? null;
    return node;
  }

  /** `truth`: the leaf hash that is signed at this position, where that is known. */
  #judgeOne(entry: Examined, truth: string | null): void {
    const { seq, leaf, created_at } = entry;
    const isTrue = truth === null ? entry.reason === null : leaf === truth;
    const reason = entry.reason ?? (isTrue ? null : 'prev');
    if (reason !== null) this.#findings.add(seq, reason);
    if (!isTrue || created_at === null) return;
    if (created_at < this.#time) this.#findings.add(seq, 'created_at');
    this.#time = created_at;
  }

  #judgeTile(
    { begin }: Span,
    tile: StoredTile | null,
    known: { readonly hashes: readonly (string | null)[]; readonly root: string | null },
  ): void {
    const at = findDamage(tile, known);
    if (at !== null) this.#findings.add(begin + at, 'tile');
  }

  /** Without the signed leaf hashes, only the chain tells which entry was changed. */
  async #followChain(span: Span, entries: readonly Examined[]): Promise<void> {
    let before = this.#before;
    for (const [i, entry] of entries.entries()) {
      const follows = links(before, entry);
      if (before && !follows && before.reason === null && entry.reason === null) {
        const next = entries[i + 1]?.prev ?? (await this.#prevAfter(entry.seq));
        const isSound = next === null || next === entry.leaf;
        this.#findings.add(isSound && before.seq >= 0 ? before.seq : entry.seq, 'prev');
      }
      before = entry;
    }
    // This far the tree has shown that something is wrong, though not what.
    if (span.node === null || this.#findings.within(span.begin, span.end)) return;
    const last = entries.at(-1) as Examined;
    const isLast = (await this.#prevAfter(last.seq)) !== last.leaf;
    if (isLast) this.#findings.add(last.seq, 'prev');
    else this.#findings.add(span.begin, 'root');
  }

  /** What the entry after this one says of it; null where that cannot be read. */
  async #prevAfter(seq: number): Promise<string | null> {
    const { size, last_leaf } = this.#end;
    if (seq === size - 1) return last_leaf;
    const { db, app } = this.#source;
    const row = await readable(() =>
      db
        .selectFrom('entries')
        .select('header')
        .where('app', '=', app)
        .where('seq', '=', seq + 1)
        .executeTakeFirst(),
    );
    try {
      return parseHeader(String(row?.header)).prev;
    } catch {
      return null;
    }
  }
}

/** What the first entry of a log goes on from. */
const BEFORE_ALL: Examined = {
  seq: -1,
  reason: null,
  leaf: ZERO_HASH,
  column: null,
  prev: null,
  created_at: null,
  absent: [],
};

const isWhole = (leaves: readonly (string | null)[]): leaves is Hashes => !leaves.includes(null);

const columnsOf = (entries: readonly Examined[]) => entries.map(({ column }) => column);

/** The leaf hashes that hash to the signed node, out of those that are stored somewhere. */
function truthOf(
  { begin, end, node: signed }: Span,
  node: string | null,
  candidates: readonly (readonly (string | null)[])[],
): Hashes | null {
  if (signed === null) return null;
  for (const [i, leaves] of candidates.entries()) {
    if (leaves.length !== end - begin || !isWhole(leaves)) continue;
    const found = i === 0 ? node : rootOf(leaves);
    if (found === signed) return leaves;
  }
  return null;
}

/** Whether an entry goes on from the one before it, as far as that can be told. */
function links(before: Examined | null, { prev }: Examined): boolean {
  if (before?.leaf === null || before === null || prev === null) return true;
  return prev === before.leaf;
}
