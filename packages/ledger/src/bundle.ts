import { concat, toHex, utf8 } from './bytes.ts';
import { canonicalize } from './canonical.ts';
import { LedgerError } from './error.ts';
import { encodeHeader } from './header.ts';
import type { EntryHeader } from './header.ts';
import { parseJson } from './json.ts';
import { sha256 } from './sha256.ts';
import type { Sha256 } from './sha256.ts';
import { TAR_END, tarMember } from './tar.ts';

/**
 * The evidence bundle: one tar file with the entries that a filter found, opened, and all that is
 * needed to check them offline. Its members, in this order:
 *
 *     keys.json              the keys of the log
 *     checkpoint             the signed head that all proofs lead to
 *     entries/000000.ndjson  the entries by rising seq, one on each line; more such members follow
 *     README.html            for the auditor: what this proves, and what it does not
 *     SHA256SUMS             digests of the members above, as `sha256sum -c` reads them
 *     manifest               signed note: the digest of SHA256SUMS, the filter and the counts
 */
export const BUNDLE_MEMBERS = {
  keys: 'keys.json',
  checkpoint: 'checkpoint',
  page: 'README.html',
  sums: 'SHA256SUMS',
  manifest: 'manifest',
} as const;

/** Name of the n-th member with entries, from 0. */
export const entriesMember = (n: number): string => `entries/${String(n).padStart(6, '0')}.ndjson`;

/** First line of a manifest. No checkpoint can be read out of it: the second line is no size. */
const MANIFEST_VERSION = 'affidavit.dev/bundle@v1';

/** What a bundle says of itself, signed by the log. */
export interface BundleManifest {
  readonly app_id: string;
  /** When it was made: ISO 8601 UTC with milliseconds. */
  readonly created_at: string;
  /** Entries that were found, without the borders of a range. */
  readonly entries: number;
  /** What was asked for, as it was asked. */
  readonly filter: Readonly<Record<string, string | readonly string[]>>;
  /** First and last `seq` that was found; null where there is none. */
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  /** Times as headers write them; an open end is left out. */
  readonly from?: string;
  readonly to?: string;
  /** Parts of those entries that are not shown, because they were erased or swept. */
  readonly missing_parts: number;
  readonly origin: string;
  /** Parts that are shown. */
  readonly parts: number;
  /**
   * `range`: all entries in [from, to), with the one before and the one after as borders, so that
   * completeness is proved. `filter`: those that fit a filter; that there are no others is the
   * word of the server.
   */
  readonly scope: 'range' | 'filter';
  /** Of the member SHA256SUMS, hex. */
  readonly sha256sums: string;
  readonly v: 1;
}

/** The text to sign: a line that says what it is, and one of canonical JSON. */
export function formatManifest(manifest: BundleManifest): string {
  return `${MANIFEST_VERSION}\n${canonicalize(manifest)}\n`;
}

/** Reads the text of a note whose signature has been verified. Only its one form is accepted. */
export function parseManifest(text: string): BundleManifest {
  const [version, json = ''] = text.split('\n');
  if (version !== MANIFEST_VERSION) throw malformed('its manifest is of another version');
  const manifest = parseJson(json, 'a bundle') as BundleManifest;
  if (formatManifest(manifest) !== text) throw malformed('its manifest is not in its one form');
  if (!isManifest(manifest)) throw malformed('its manifest lacks a member');
  return manifest;
}

function isManifest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { v, scope, origin, created_at, sha256sums, filter } = value as Partial<BundleManifest>;
  const texts = [origin, created_at, sha256sums].every((text) => typeof text === 'string');
  return v === 1 && (scope === 'range' || scope === 'filter') && texts && isObject(filter);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** A part as a bundle shows it. */
export interface BundlePart {
  readonly name: string;
  /** 32 bytes, base64. */
  readonly salt: string;
  /** Canonical text of the value. */
  readonly text: string;
}

/** One line of a bundle. */
export interface BundleEntry {
  /** Header text, exactly as logged. */
  readonly header: string;
  /** By rising name; those that were erased are left out. Null for a border of a range. */
  readonly parts: readonly BundlePart[] | null;
  /** The hashes that `nextPath` gives, base64. */
  readonly path: readonly string[];
}

/**
 * The line of an entry, without its newline: canonical JSON, put together from canonical texts. No
 * name, salt or hash has a character that JSON would escape; a line in which one has is not equal
 * to what this makes of it.
 */
export function encodeBundleEntry({ header, parts, path }: BundleEntry): string {
  const shown = parts?.map(
    ({ name, salt, text }) => `{"name":"${name}","salt":"${salt}","value":${text}}`,
  );
  const hashes = path.map((hash) => `"${hash}"`).join(',');
  return `{"header":${header}${shown ? `,"parts":[${shown.join(',')}]` : ''},"path":[${hashes}]}`;
}

/** The line is the attacker's: one that is not the canonical JSON of an entry is refused. */
export function parseBundleEntry(line: string): BundleEntry & { readonly fields: EntryHeader } {
  const value = parseJson(line, 'a bundle') as {
    header: EntryHeader;
    parts?: { name: string; salt: string; value: unknown }[];
    path: string[];
  };
  try {
    const { header: fields, path } = value;
    const shown = value.parts?.map((part) => ({ ...part, text: canonicalize(part.value) }));
    const parts = shown ?? null;
    const entry = { header: encodeHeader(fields), parts, path };
    if (encodeBundleEntry(entry) === line && areRising(parts)) return { ...entry, fields };
  } catch (cause) {
    throw new LedgerError('malformed', 'Not a bundle: a line is no entry.', { cause });
  }
  throw malformed('a line is not in its one form');
}

const areRising = (parts: readonly BundlePart[] | null): boolean =>
  parts === null || parts.every(({ name }, i) => i === 0 || parts[i - 1]!.name < name);

/** One line of SHA256SUMS. */
export const sumLine = (hex: string, name: string): string => `${hex}  ${name}\n`;

/** Puts a bundle together: `add` the members in their order, then `end` it. */
export class BundleWriter {
  readonly #hash: Sha256;
  #sums = '';

  constructor(hash: Sha256 = sha256) {
    this.#hash = hash;
  }

  /** The bytes of a member in the archive. */
  add(name: string, text: string): Uint8Array {
    const bytes = utf8(text);
    this.#sums += sumLine(toHex(this.#hash(bytes)), name);
    return tarMember({ name, bytes });
  }

  /** Digest of SHA256SUMS, for the manifest; all members with content must have been added. */
  get sha256sums(): string {
    return toHex(this.#hash(utf8(this.#sums)));
  }

  /** SHA256SUMS, the signed manifest, and the end of the archive. */
  end(manifest: string): Uint8Array {
    const sums = tarMember({ name: BUNDLE_MEMBERS.sums, bytes: utf8(this.#sums) });
    const note = tarMember({ name: BUNDLE_MEMBERS.manifest, bytes: utf8(manifest) });
    return concat(sums, note, TAR_END);
  }
}

const malformed = (reason: string): LedgerError =>
  new LedgerError('malformed', `Not a bundle: ${reason}.`);
