import { CompactRange, TILE_WIDTH, toHex, ZERO_HASH, type Checkpoint } from '@affidavit/ledger';

import { nativeSha256 } from '../sequence/hash.ts';
import type { HeadsTable } from '../store/tables.ts';
import { examine, type Examined } from './entry.ts';
import type { Findings } from './findings.ts';
import { Judge } from './judge.ts';
import type { LocatedRange, TimeRange } from './locate.ts';
import type { LogEnd } from './log-end.ts';
import { readStored, type Stored } from './page.ts';
import { Removals } from './removals.ts';
import { rangeOf, SignedTree, signedFrontier, type Span } from './signed-tree.ts';
import type { LogSource } from './source.ts';
import { splitHashes, type Hashes } from './tile.ts';

export interface Progress {
  readonly checked: number;
  readonly total: number;
}

export interface Walking {
  readonly source: LogSource;
  readonly range: LocatedRange;
  readonly findings: Findings;
  readonly options: TimeRange & {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
  };
}

/** From the first entry of a range to the last, each held against the signed tree. */
export class LogWalk {
  readonly #walking: Walking;
  readonly #removals: Removals;
  readonly #from: string;
  readonly #to: string;
  #checked = 0;
  #within = 0;
  #removed = 0;
  /** The tree as it follows from the entries alone, as long as all from the first were seen. */
  #tree: CompactRange | null;
  /** Whether everything seen so far follows from the checkpoint. */
  #isProved = true;

  constructor(walking: Walking) {
    this.#walking = walking;
    const { source, options, range } = walking;
    this.#removals = new Removals(source);
    this.#from = options.from === undefined ? '' : new Date(options.from).toISOString();
    this.#to = options.to === undefined ? '~' : new Date(options.to).toISOString();
    this.#tree = range.first < TILE_WIDTH ? new CompactRange(undefined, nativeSha256) : null;
  }

  get counts() {
    return { checked: this.#checked, within: this.#within, removed_parts: this.#removed };
  }

  /** Stops early where more is damaged than can be named. */
  async run({ head, size, checkpoint }: LogEnd): Promise<void> {
    if (head === null) return;
    const { source, range, findings } = this.#walking;
    const frontier = checkpoint && (await signedFrontier(source, checkpoint, head.frontier));
    const onTile = (seq: number) => findings.add(seq, 'tile');
    const tree = new SignedTree(source, { size, frontier, onTile });
    const last_leaf = splitHashes(head.last_leaf, 1)?.[0] ?? '';
    const last = await this.#walk(tree, { size, last_leaf });
    if (findings.more) return;
    if (checkpoint && !this.#isProved) this.#checkRoot(checkpoint, last, last_leaf);
    if (head.size !== size) findings.add(null, 'head');
    if (last && range.end === size) this.#checkHead({ ...head, last_leaf }, last, frontier);
  }

  async #walk(
    tree: SignedTree,
    { size, last_leaf }: { readonly size: number; readonly last_leaf: string },
  ): Promise<Examined | null> {
    const { source, range, findings } = this.#walking;
    const begin = range.first - (range.first % TILE_WIDTH);
    const judge = new Judge(source, { begin, size, last_leaf }, findings);
    const reader = new EntryReader(source, begin, size);
    for await (const span of tree.spans(begin, range.end)) {
      const entries = await reader.take(span.end - span.begin);
      for (const entry of entries) this.#count(entry);
      this.#prove(span, await judge.judge(span, entries));
      await this.#explain(entries);
      this.#report();
      if (findings.more) break;
    }
    await reader.close();
    return judge.last;
  }

  #count({ seq, created_at }: Examined): void {
    const { range, findings } = this.#walking;
    if (seq < range.first || seq >= range.end) return;
    this.#checked += 1;
    if (created_at === null) return;
    const [isBefore, isAfter] = [created_at < this.#from, created_at >= this.#to];
    if (!isBefore && !isAfter) this.#within += 1;
    if (seq === range.first && range.hasBefore && !isBefore) findings.add(seq, 'incomplete_start');
    if (seq === range.end - 1 && range.hasAfter && !isAfter) findings.add(seq, 'incomplete_end');
  }

  /** What is gone must have been swept or erased. */
  async #explain(entries: readonly Examined[]): Promise<void> {
    const { range, findings } = this.#walking;
    const gone = entries.filter(
      ({ seq, absent }) => absent.length > 0 && seq >= range.first && seq < range.end,
    );
    if (gone.length === 0) return;
    const stolen = await this.#removals.unexplained(gone);
    for (const { seq } of stolen) findings.add(seq, 'part_missing');
    const parts = gone.reduce((sum, { absent }) => sum + absent.length, 0);
    this.#removed += parts - stolen.length;
  }

  #report(): void {
    const { options, range } = this.#walking;
    options.signal?.throwIfAborted();
    options.onProgress?.({ checked: this.#checked, total: range.end - range.first });
  }

  /** `node`: what the entries of the span hash to. */
  #prove({ begin, end, node: signed }: Span, node: string | null): void {
    if (signed === null) this.#isProved = false;
    if (node === null) this.#tree = null;
    else this.#tree?.merge(rangeOf(begin, end, [node]));
  }

  /** What does not follow from the checkpoint node by node may still do so as a whole. */
  #checkRoot({ size, root }: Checkpoint, last: Examined | null, last_leaf: string): void {
    const { findings } = this.#walking;
    const tree = this.#tree;
    const isSigned = tree?.end === size && toHex(tree.root()) === toHex(root);
    if (isSigned) return;
    const isLast = last?.seq === size - 1 && last.leaf !== null && last.leaf !== last_leaf;
    if (isLast) findings.add(last.seq, 'prev');
    else if (findings.none) findings.add(null, 'root');
  }

  #checkHead(
    { last_leaf, ...head }: Omit<HeadsTable, 'last_leaf'> & { readonly last_leaf: string },
    last: Examined,
    frontier: Hashes | null,
  ): void {
    const { findings } = this.#walking;
    const hashes = frontier ?? this.#tree?.state().hashes.map(toHex) ?? null;
    const isWrong =
      (hashes && splitHashes(head.frontier, hashes.length)?.join('') !== hashes.join('')) ||
      (last.leaf && last.leaf !== last_leaf) ||
      (last.created_at && Date.parse(last.created_at) !== head.last_created_at);
    // An entry that was changed at the end is named already.
    if (isWrong && !findings.within(last.seq, last.seq + 1)) findings.add(null, 'head');
  }
}

/** Reads and examines one entry after another. */
class EntryReader {
  readonly #pages: AsyncGenerator<Stored[]>;
  #page: readonly Stored[] = [];
  #at = 0;
  #seq: number;
  #prev: string | null;

  constructor(source: LogSource, begin: number, end: number) {
    this.#pages = readStored(source, begin, end);
    this.#seq = begin;
    this.#prev = begin === 0 ? ZERO_HASH : null;
  }

  async take(count: number): Promise<Examined[]> {
    const taken: Examined[] = [];
    while (taken.length < count) {
      if (this.#at === this.#page.length) {
        this.#page = (await this.#pages.next()).value as Stored[];
        this.#at = 0;
      }
      const entry = examine(this.#seq++, this.#page[this.#at++] as Stored, this.#prev);
      this.#prev = entry.leaf;
      taken.push(entry);
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }
}
