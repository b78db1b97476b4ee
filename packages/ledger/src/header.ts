import { utf8 } from './bytes.ts';
import { quote } from './canonical.ts';
import { LedgerError } from './error.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';

/**
 * What the log holds for one entry. Nothing in it is personal: the record itself stands behind
 * the commitments in `parts`.
 */
export interface EntryHeader {
  /** ISO 8601 UTC with milliseconds (`2026-11-21T08:30:00.000Z`); never decreases along the log. */
  readonly created_at: string;
  readonly event_id: string;
  /** Part name → commitment (64 hex digits). */
  readonly parts: Readonly<Record<string, string>>;
  /** Leaf hash of the entry before (64 hex digits); `ZERO_HASH` for the first. */
  readonly prev: string;
  /** Leaf index, from 0. */
  readonly seq: number;
  readonly v: 1;
}

/** `prev` of the first entry. */
export const ZERO_HASH = '0'.repeat(64);

/** An entry of a C2SP bundle has a 16-bit length. */
export const MAX_HEADER_BYTES = 65_535;

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const PART_FORM = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * The header as it is hashed and served: canonical JSON (RFC 8785), written directly because its
 * members are known. The text is the same as `canonicalize(header)`.
 */
export function encodeHeader(header: EntryHeader): string {
  const { created_at, event_id, parts, prev, seq } = header;
  if (!TIME_FORM.test(created_at)) throw refusal('created_at is not ISO 8601 UTC with ms');
  if (typeof event_id !== 'string' || event_id === '') throw refusal('event_id is not a text');
  if (!isHashText(prev)) throw refusal('prev is not 64 hex digits');
  if (!Number.isSafeInteger(seq) || seq < 0) throw refusal('seq is not a leaf index');
  if (header.v !== 1) throw refusal('v is not 1');
  return `{"created_at":"${created_at}","event_id":${quote(event_id)},"parts":${encodeParts(parts)},"prev":"${prev}","seq":${seq},"v":1}`;
}

/** 64 lower-case hex digits. A loop, since this is asked several times for each entry. */
function isHashText(text: string): boolean {
  if (typeof text !== 'string' || text.length !== 64) return false;
  for (let i = 0; i < 64; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x66 || (code > 0x39 && code < 0x61)) return false;
  }
  return true;
}

function encodeParts(parts: Readonly<Record<string, string>>): string {
  const names = Object.keys(parts).sort();
  let text = '{';
  for (const name of names) {
    const commitment = parts[name]!;
    if (!PART_FORM.test(name)) throw refusal('a part has an impossible name');
    if (!isHashText(commitment)) throw refusal('a part is not 64 hex digits');
    text += `${text === '{' ? '' : ','}"${name}":"${commitment}"`;
  }
  return text + '}';
}

/**
 * Reads a header back. The text is the attacker's when it comes from a bundle, a range or a
 * file: whatever does not encode to exactly the same text again is refused, so that one header
 * has one text (no duplicate or unknown members, no other spelling of a number or string).
 */
export function parseHeader(text: string): EntryHeader {
  if (text.length > MAX_HEADER_BYTES) throw refusal('it is longer than 65,535 bytes');
  let header: EntryHeader;
  let encoded: string;
  try {
    header = JSON.parse(text) as EntryHeader;
    encoded = encodeHeader(header);
  } catch (cause) {
    throw new LedgerError('malformed', describe(cause), { cause });
  }
  if (encoded !== text) throw refusal('it is not in its canonical form');
  return header;
}

const describe = (cause: unknown): string =>
  cause instanceof LedgerError ? cause.message : 'Not an entry header: it is not JSON.';

const refusal = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not an entry header: ${reason}.`);

const LEAF_PREFIX = Uint8Array.of(0x00);

/** RFC 6962 section 2.1: SHA-256(0x00 ‖ leaf). 32 bytes. */
export function leafHash(header: string | Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(LEAF_PREFIX, typeof header === 'string' ? utf8(header) : header);
}
