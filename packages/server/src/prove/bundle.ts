import {
  encodeBundleEntry,
  nextPath,
  toBase64,
  type BundlePart,
  type NodeReader,
} from '@affidavit/ledger';
import type { Kysely } from 'kysely';

import type { Deadline } from '../query/deadline.ts';
import type { Filter } from '../query/filter.ts';
import { find, spanOf } from '../query/page.ts';
import { nativeSha256 } from '../sequence/hash.ts';
import type { Tables } from '../store/tables.ts';
import { checkpointOf, readHead } from './head.ts';
import { readKeyChain, type ChainedKey } from './keys.ts';
import { storedNodes } from './nodes.ts';

/** What a bundle begins with: the head that all of it is proved against, and where it looks. */
export interface BundleFrame {
  readonly origin: string;
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
  /** The oldest first. */
  readonly keys: readonly ChainedKey[];
  /** Entries between `from` and `to` of the filter: [first, end). */
  readonly first: number;
  readonly end: number;
}

/** More keys than any log has, even if its key is replaced every day. */
const KEYS_MAX = 5000;

/** In one snapshot. Throws `not_found` for a log without an entry. */
export async function frameBundle(
  db: Kysely<Tables>,
  app: number,
  filter: Filter,
): Promise<BundleFrame> {
  const { size, checkpoint } = await readHead(db, app);
  const { origin } = checkpointOf(checkpoint);
  const keys = await readKeyChain(db, { app, after: -1, limit: KEYS_MAX });
  return { origin, size, checkpoint, keys, ...(await spanOf(db, app, filter)) };
}

export interface BundleStep {
  readonly app: number;
  readonly size: number;
  /** What to look for in [first, end); null for every entry there is. */
  readonly filter: Filter | null;
  readonly first: number;
  readonly end: number;
  /** The entry whose path came last. */
  readonly previous: number | null;
  /** Entries that stand for where a range begins or ends: shown without their parts. */
  readonly borders: readonly number[];
}

/** Some lines of a bundle, and where it goes on. */
export interface BundleLines {
  readonly text: string;
  /** Where the next step begins; null when there is nothing more. */
  readonly next: number | null;
  readonly previous: number | null;
  /** Of the entries that are no borders. */
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  readonly entries: number;
  readonly parts: number;
  readonly missing_parts: number;
}

const STEP_ENTRIES = 512;
const STEP_CHARACTERS = 4 * 1024 * 1024;

/** The next lines of a bundle: a bounded number, at least one where there is one. */
export async function readBundleLines(
  db: Kysely<Tables>,
  step: BundleStep,
  deadline: Deadline,
): Promise<BundleLines> {
  const found = await findEntries(db, step, deadline);
  const rows = await readEntries(db, step.app, found.seqs);
  const nodes = storedNodes(db, step.app, step.size);
  const lines = new LineWriter(step, nodes);
  for (const row of rows) {
    deadline.check();
    await lines.add(row);
    if (lines.isFull) return lines.end(row.seq + 1);
  }
  return lines.end(found.next);
}

/** Places to show, and where to look on. */
async function findEntries(
  db: Kysely<Tables>,
  { app, filter, first, end }: BundleStep,
  deadline: Deadline,
): Promise<{ readonly seqs: number[]; readonly next: number | null }> {
  const seqs: number[] = [];
  if (filter === null) {
    const upTo = Math.min(first + STEP_ENTRIES, end);
    for (let seq = first; seq < upTo; seq++) seqs.push(seq);
    return { seqs, next: upTo < end ? upTo : null };
  }
  const search = { db, app, filter, order: 'asc' as const, deadline };
  for await (const { seq } of find(search, { first, end })) {
    seqs.push(seq);
    if (seqs.length === STEP_ENTRIES) return { seqs, next: seq + 1 < end ? seq + 1 : null };
  }
  return { seqs, next: null };
}

interface EntryRow {
  readonly seq: number;
  readonly header: string;
  readonly parts: BundlePart[];
}

/** Headers and what is left of the parts, by seq. */
async function readEntries(
  db: Kysely<Tables>,
  app: number,
  seqs: readonly number[],
): Promise<EntryRow[]> {
  if (seqs.length === 0) return [];
  const headers = await db
    .selectFrom('entries')
    .select(['seq', 'header'])
    .where('app', '=', app)
    .where('seq', 'in', seqs)
    .orderBy('seq')
    .execute();
  const shown = await db
    .selectFrom('parts')
    .select(['seq', 'part', 'salt', 'body'])
    .where('app', '=', app)
    .where('seq', 'in', seqs)
    .orderBy('seq')
    .orderBy('part')
    .execute();
  const rows = new Map<number, EntryRow>(
    headers.map(({ seq, header }) => [seq, { seq, header, parts: [] }]),
  );
  for (const { seq, part: name, salt, body: text } of shown) {
    rows.get(seq)?.parts.push({ name, salt: toBase64(salt), text });
  }
  return [...rows.values()];
}

/** Writes lines and counts what they show. */
class LineWriter {
  readonly #step: BundleStep;
  readonly #nodes: NodeReader;
  #text = '';
  #previous: number | null;
  #first: number | null = null;
  #last: number | null = null;
  #entries = 0;
  #parts = 0;
  #missing = 0;

  constructor(step: BundleStep, nodes: NodeReader) {
    this.#step = step;
    this.#nodes = nodes;
    this.#previous = step.previous;
  }

  get isFull(): boolean {
    return this.#text.length >= STEP_CHARACTERS;
  }

  async add({ seq, header, parts }: EntryRow): Promise<void> {
    const { size, borders } = this.#step;
    const hashes = await nextPath(this.#previous, seq, size, this.#nodes, nativeSha256);
    const isBorder = borders.includes(seq);
    const path = hashes.map(toBase64);
    this.#text += `${encodeBundleEntry({ header, parts: isBorder ? null : parts, path })}\n`;
    this.#previous = seq;
    if (isBorder) return;
    this.#first ??= seq;
    this.#last = seq;
    this.#entries += 1;
    this.#parts += parts.length;
    const { parts: all } = JSON.parse(header) as { parts: object };
    this.#missing += Object.keys(all).length - parts.length;
  }

  end(next: number | null): BundleLines {
    return {
      text: this.#text,
      next,
      previous: this.#previous,
      first_seq: this.#first,
      last_seq: this.#last,
      entries: this.#entries,
      parts: this.#parts,
      missing_parts: this.#missing,
    };
  }
}
