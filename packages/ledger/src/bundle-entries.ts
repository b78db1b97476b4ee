import { toHex } from './bytes.ts';
import { parseBundleEntry } from './bundle.ts';
import type { BundleManifest, BundlePart } from './bundle.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { checkPart } from './evidence.ts';
import { leafHash } from './header.ts';
import type { EntryHeader } from './header.ts';
import { MultiproofVerifier } from './multi-proof.ts';
import { parseHash } from './proof.ts';
import type { Sha256 } from './sha256.ts';

interface Seen {
  readonly first: EntryHeader;
  readonly last: EntryHeader;
}

/** Checks the entries of a bundle line by line, against a verified checkpoint. */
export class BundleEntries {
  readonly #checkpoint: Checkpoint;
  readonly #hash: Sha256;
  readonly #tree: MultiproofVerifier;
  /** All lines, and those that are no borders. */
  #lines: Seen | null = null;
  #entries: Seen | null = null;
  #lastLeaf = '';
  /** Lines without parts. They stand at the ends, outside of the range. */
  readonly #borders: EntryHeader[] = [];
  /** The first entry that is left out between two others. */
  #gap: number | null = null;
  /** Lines checked so far. */
  checked = 0;
  /** The entry that is being checked: a damage is there. */
  seq: number | null = null;
  #count = 0;
  #parts = 0;
  #missing = 0;

  constructor(checkpoint: Checkpoint, hash: Sha256) {
    this.#checkpoint = checkpoint;
    this.#hash = hash;
    this.#tree = new MultiproofVerifier(checkpoint.size, checkpoint.root, hash);
  }

  /** Throws `LedgerError` for a line that is not an entry of the log in its order. */
  add(line: string): void {
    this.seq = null;
    const { header, fields, parts, path } = parseBundleEntry(line);
    this.seq = fields.seq;
    const leaf = leafHash(header, this.#hash);
    this.#tree.add(fields.seq, leaf, path.map(parseHash));
    this.#checkChain(fields);
    this.#lines = { first: this.#lines?.first ?? fields, last: fields };
    this.#lastLeaf = toHex(leaf);
    this.checked += 1;
    if (parts !== null) return this.#open(fields, parts);
    if (this.#borders.length === 2) throw failed('A range has two borders at most.');
    this.#borders.push(fields);
  }

  #open(fields: EntryHeader, parts: readonly BundlePart[]): void {
    for (const { name, salt, text } of parts) checkPart(fields, name, salt, text, this.#hash);
    this.#entries = { first: this.#entries?.first ?? fields, last: fields };
    this.#count += 1;
    this.#parts += parts.length;
    this.#missing += Object.keys(fields.parts).length - parts.length;
  }

  /** The log itself must hang together: times do not go back, neighbours are chained. */
  #checkChain({ seq, prev, created_at }: EntryHeader): void {
    const last = this.#lines?.last;
    if (last === undefined) return;
    if (created_at < last.created_at) throw failed('The entry is older than the one before it.');
    if (seq !== last.seq + 1) this.#gap ??= last.seq + 1;
    else if (prev !== this.#lastLeaf)
      throw failed('The entry is not chained to the one before it.');
  }

  /** Holds what was seen against the manifest. Throws `proof_failed` where it says something else. */
  finish(manifest: BundleManifest): void {
    this.seq = null;
    if (manifest.scope === 'range') this.#checkComplete(manifest);
    if (
      manifest.entries !== this.#count ||
      manifest.parts !== this.#parts ||
      manifest.missing_parts !== this.#missing ||
      manifest.first_seq !== (this.#entries?.first.seq ?? null) ||
      manifest.last_seq !== (this.#entries?.last.seq ?? null)
    ) {
      throw failed('The manifest counts other entries than there are.');
    }
    for (const entry of this.#entries ? [this.#entries.first, this.#entries.last] : []) {
      this.seq = entry.seq;
      if (!isInRange(entry, manifest)) throw failed('The entry is outside of the time range.');
    }
    for (const border of this.#borders) {
      this.seq = border.seq;
      if (isInRange(border, manifest)) throw failed('The entry is shown without its parts.');
    }
    this.seq = null;
  }

  /** That a range is shown from before its first entry to behind its last, without a gap. */
  #checkComplete({ from, to }: BundleManifest): void {
    const { size } = this.#checkpoint;
    this.seq = this.#gap;
    if (this.#gap !== null) throw failed('The entry is left out.');
    if (this.#lines === null) throw failed('Nothing shows where the range is.');
    const { first, last } = this.#lines;
    if (first.seq > 0 && !(from !== undefined && first.created_at < from)) {
      this.seq = first.seq - 1;
      throw failed('The entry is needed to show where the range begins.');
    }
    if (last.seq < size - 1 && !(to !== undefined && last.created_at >= to)) {
      this.seq = last.seq + 1;
      throw failed('The entry is needed to show where the range ends.');
    }
  }
}

const isInRange = ({ created_at }: EntryHeader, { from, to }: BundleManifest): boolean =>
  (from === undefined || created_at >= from) && (to === undefined || created_at < to);

const failed = (message: string): LedgerError => new LedgerError('proof_failed', message);
