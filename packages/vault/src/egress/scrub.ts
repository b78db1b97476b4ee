/**
 * Exact-value scrubbing: takes the credentials that the broker injected out of whatever came back
 * or is about to be kept, in every encoding that providers and clients are known to echo them.
 * The texts are under an attacker's control; the work is linear in their length.
 */
import { Buffer } from 'node:buffer';
import { AffidavitError } from '@affidavit/schema';
import { escapeStyles, escapedStretches, traceBack, unescape } from './escapes.ts';
import type { EscapeStyle } from './escapes.ts';
import { needlesOf } from './needles.ts';
import type { Needle } from './needles.ts';

/** What stands in the place of a credential. */
export const CREDENTIAL_MASK = '[credential masked]';
/** For secrets that are themselves a part of the mask. */
const PLAIN_MASK = '[***]';
const SHORTEST_SECRET = 4;
/** Below this depth of a JSON value nothing is looked into: it is masked as a whole. */
const MAX_DEPTH = 64;
/** Longest escape of one byte of a secret that stands under another escape. */
const LONGEST_ESCAPE = 12;

export interface Scrubber {
  /** The text with every occurrence masked; the same string when there is none. */
  text(text: string): string;
  /** The same for bytes in UTF-8, Latin-1 or no encoding at all. */
  bytes(bytes: Uint8Array): Uint8Array;
  /** The same for a JSON value, keys included; the same reference when there is none. */
  value(value: unknown): unknown;
  /** Occurrences masked by this scrubber so far. */
  readonly hits: number;
  readonly found: boolean;
}

type Span = readonly [number, number];

interface Search {
  readonly needles: readonly Needle[];
  readonly styles: readonly EscapeStyle[];
  /** Characters around an escape that can belong to an occurrence. */
  readonly reach: number;
  readonly shortest: number;
}

/** Escapes within escapes are undone so many layers deep; fewer in long texts, to bound work. */
function layersFor(length: number): number {
  if (length <= 16 * 1024) return 3;
  return length <= 256 * 1024 ? 2 : 1;
}

/** Sorted, with overlapping and touching spans joined. */
function joinSpans(spans: Span[]): Span[] {
  if (spans.length < 2) return spans;
  const joined: [number, number][] = [];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last === undefined || start > last[1]) joined.push([start, end]);
    else last[1] = Math.max(last[1], end);
  }
  return joined;
}

function findLiterals(search: Search, text: string): Span[] {
  const spans: [number, number][] = [];
  for (const { literal, confirm } of search.needles) {
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
      const span = confirm(text, at);
      const last = spans.at(-1);
      if (span === null) continue;
      if (last !== undefined && span[0] >= last[0] && span[0] <= last[1]) {
        last[1] = Math.max(last[1], span[1]);
      } else spans.push([span[0], span[1]]);
    }
  }
  return spans;
}

function findEscaped(search: Search, style: EscapeStyle, text: string, layers: number): Span[] {
  const spans: Span[] = [];
  for (const [start, end] of escapedStretches(style, text, search.reach)) {
    const stretch = text.slice(start, end);
    const decoded = unescape(style, stretch);
    if (decoded === stretch) continue;
    const found = find(search, decoded, layers - 1);
    if (found.length === 0) continue;
    for (const [from, to] of traceBack(style, stretch, found)) {
      spans.push([start + from, start + to]);
    }
  }
  return spans;
}

function find(search: Search, text: string, layers: number): Span[] {
  if (text.length < search.shortest) return [];
  const spans = findLiterals(search, text);
  if (layers > 0) {
    for (const style of search.styles) {
      for (const span of findEscaped(search, style, text, layers)) spans.push(span);
    }
  }
  return joinSpans(spans);
}

function replaceSpans(text: string, spans: readonly Span[], mask: string): string {
  let result = '';
  let from = 0;
  for (const [start, end] of spans) {
    result += text.slice(from, start) + mask;
    from = end;
  }
  return result + text.slice(from);
}

function prepareSearch(secrets: readonly string[]): Search {
  const needles = secrets.flatMap(needlesOf);
  const lengths = needles.map(({ literal }) => literal.length);
  return {
    needles,
    styles: escapeStyles(secrets.some((secret) => secret.includes(' '))),
    reach: (Math.max(0, ...lengths) + 4) * LONGEST_ESCAPE,
    shortest: Math.min(...lengths),
  };
}

function checkSecrets(secrets: readonly string[]): readonly string[] {
  if (secrets.some((secret) => secret.length < SHORTEST_SECRET)) {
    throw new AffidavitError('invalid_request', 'a credential is too short to be masked', {
      expected: `at least ${SHORTEST_SECRET} characters`,
    });
  }
  return [...new Set(secrets)].sort((a, b) => b.length - a.length);
}

const isAscii = (text: string): boolean => Buffer.byteLength(text, 'utf8') === text.length;

class ExactScrubber implements Scrubber {
  readonly #search: Search;
  readonly #mask: string;
  /** Then texts need not be turned into bytes to be searched. */
  readonly #ascii: boolean;
  readonly #numeric: boolean;
  #hits = 0;

  constructor(secrets: readonly string[]) {
    const known = checkSecrets(secrets);
    this.#search = prepareSearch(known);
    this.#mask = known.some((secret) => CREDENTIAL_MASK.includes(secret))
      ? PLAIN_MASK
      : CREDENTIAL_MASK;
    this.#ascii = known.every(isAscii);
    this.#numeric = known.some((secret) => /^[-+.0-9eE]+$/.test(secret));
  }

  get hits(): number {
    return this.#hits;
  }

  get found(): boolean {
    return this.#hits > 0;
  }

  text(text: string): string {
    if (text.length < SHORTEST_SECRET) return text;
    if (this.#ascii || isAscii(text)) return this.#replace(text) ?? text;
    const replaced = this.#replace(Buffer.from(text, 'utf8').toString('latin1'));
    return replaced === null ? text : Buffer.from(replaced, 'latin1').toString('utf8');
  }

  bytes(bytes: Uint8Array): Uint8Array {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const replaced = this.#replace(view.toString('latin1'));
    return replaced === null ? bytes : Buffer.from(replaced, 'latin1');
  }

  value(value: unknown): unknown {
    return this.#walk(value, 0);
  }

  #replace(text: string): string | null {
    const spans = find(this.#search, text, layersFor(text.length));
    if (spans.length === 0) return null;
    this.#hits += spans.length;
    return replaceSpans(text, spans, this.#mask);
  }

  #walk(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) {
      this.#hits += 1;
      return this.#mask;
    }
    return Array.isArray(value) ? this.#list(value, depth) : this.#record(value, depth);
  }

  #number(value: number): unknown {
    if (!this.#numeric) return value;
    const text = String(value);
    const scrubbed = this.text(text);
    return scrubbed === text ? value : scrubbed;
  }

  #list(list: readonly unknown[], depth: number): readonly unknown[] {
    let changed = false;
    const scrubbed = list.map((member) => {
      const result = this.#walk(member, depth + 1);
      changed ||= result !== member;
      return result;
    });
    return changed ? scrubbed : list;
  }

  #record(record: object, depth: number): object {
    let changed = false;
    const entries = Object.entries(record).map(([key, member]: [string, unknown]) => {
      const name = this.text(key);
      const result = this.#walk(member, depth + 1);
      changed ||= name !== key || result !== member;
      return [name, result] as const;
    });
    return changed ? Object.fromEntries(entries) : record;
  }
}

/**
 * A scrubber for these secrets: raw; escaped as JSON, URL, form or HTML, in part or in whole and
 * one within the other; in hex; in base64 and base64url, padded or not, alone or in the midst of
 * other bytes. Throws `invalid_request` for a secret shorter than 4 characters.
 */
export function createScrubber(secrets: readonly string[]): Scrubber {
  return new ExactScrubber(secrets);
}
