import { isPartName, parseHeader, quote, SALT_SIZE, type EntryHeader } from '@affidavit/ledger';

import { commitText, hashLeafHex } from '../sequence/hash.ts';
import type { Reason } from './findings.ts';
import type { Stored, StoredEntry, StoredPart } from './page.ts';

/** One position, as far as it can be judged from what is stored there alone. */
export interface Examined {
  readonly seq: number;
  readonly reason: Reason | null;
  /** Of the header as it stands there; null where there is none. */
  readonly leaf: string | null;
  /** As stored beside the header. */
  readonly column: string | null;
  /** What the header says; null where it is none. */
  readonly prev: string | null;
  readonly created_at: string | null;
  /** Parts that the header names and that are gone. */
  readonly absent: readonly string[];
}

const NOTHING = { leaf: null, column: null, prev: null, created_at: null, absent: [] } as const;

/**
 * Judges what is stored at a position. `prev` is the leaf hash of the entry before it, in hex, or
 * null where that is not known. Nearly every entry is as it should be, and of those the whole
 * header is known: it is written again from everything else that is stored, and compared.
 */
export function examine(seq: number, stored: Stored, prev: string | null): Examined {
  if (typeof stored === 'string') return { ...NOTHING, seq, reason: stored };
  const { header, leaf_hash: column, created_at } = stored;
  const leaf = hashLeafHex(header);
  if (prev !== null && header === expectedHeader(stored, prev)) {
    const reason = leaf === column ? null : 'leaf_hash';
    return { seq, reason, leaf, column, prev, created_at: timeText(created_at), absent: [] };
  }
  return inspect(stored, leaf);
}

let lastTime = Number.NaN;
let lastText = '';

/** Entries of one batch have one time. */
function timeText(created_at: number): string {
  if (created_at !== lastTime) {
    lastTime = created_at;
    lastText = new Date(created_at).toISOString();
  }
  return lastText;
}

/** The header of an entry whose parts are all there, if all is as it should be. */
function expectedHeader({ seq, event_id, created_at, parts }: StoredEntry, prev: string): string {
  let commitments = '';
  for (const part of parts) {
    const commitment = commitmentOf(part);
    if (commitment === '') return '';
    commitments += `${commitments === '' ? '' : ','}"${part.part}":"${commitment}"`;
  }
  return `{"created_at":"${timeText(created_at)}","event_id":${quote(event_id)},"parts":{${commitments}},"prev":"${prev}","seq":${seq},"v":1}`;
}

/** In hex; empty for what cannot have been committed to. */
function commitmentOf({ part, salt, body }: StoredPart): string {
  const isPart = isPartName(part) && salt instanceof Uint8Array && salt.length === SALT_SIZE;
  if (!isPart || typeof body !== 'string') return '';
  return commitText(part, salt, body);
}

/** The long way: what exactly is wrong, if anything is. */
function inspect(stored: StoredEntry, leaf: string): Examined {
  const { seq, leaf_hash: column } = stored;
  const known = { ...NOTHING, seq, leaf, column };
  let header: EntryHeader;
  try {
    header = parseHeader(stored.header);
  } catch {
    return { ...known, reason: 'malformed' };
  }
  const { prev, created_at } = header;
  const names = new Set(stored.parts.map(({ part }) => part));
  const absent = Object.keys(header.parts).filter((name) => !names.has(name));
  const reason = contradiction(stored, header) ?? (leaf === column ? null : 'leaf_hash');
  return { ...known, reason: reason ?? partTrouble(stored, header), prev, created_at, absent };
}

function contradiction(stored: StoredEntry, header: EntryHeader): Reason | null {
  if (header.seq !== stored.seq) return 'seq';
  if (header.event_id !== stored.event_id) return 'event_id';
  return header.created_at === timeText(stored.created_at) ? null : 'created_at';
}

function partTrouble({ parts }: StoredEntry, header: EntryHeader): Reason | null {
  for (const part of parts) {
    const committed = Object.hasOwn(header.parts, part.part) ? header.parts[part.part] : null;
    if (commitmentOf(part) !== committed) return 'part';
  }
  return null;
}
