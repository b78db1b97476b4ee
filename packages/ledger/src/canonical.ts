import { LedgerError } from './error.ts';

/** Objects and arrays may be nested this deep. */
export const MAX_DEPTH = 64;

/**
 * The canonical JSON text of a value (RFC 8785, JCS): members in order of their UTF-16 code
 * units, numbers and strings as ECMAScript writes them, no white space. The same value gives the
 * same text everywhere, which is what makes it fit for hashing.
 *
 * Nothing is left out in silence: NaN, infinities, bigint, undefined, functions, symbols, lone
 * surrogates, holes, class instances and more than 64 levels are refused (`not_canonical`).
 */
export function canonicalize(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw refusal(String(value));
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw refusal(`nesting deeper than ${MAX_DEPTH} levels`);
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      throw refusal(typeof value);
  }
}

function writeArray(array: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < array.length; i += 1) {
    if (i > 0) text += ',';
    text += write(array[i], depth);
  }
  return text + ']';
}

function writeObject(object: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw refusal('a class instance');
  if (Object.getOwnPropertySymbols(object).length > 0) throw refusal('a symbol as name');
  const names = sortedNames(object);
  let text = '{';
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i]!;
    if (i > 0) text += ',';
    text += quotedName(name) + ':' + write((object as Record<string, unknown>)[name], depth);
  }
  return text + '}';
}

/** Own names by UTF-16 code units, which is how `<` and the default sort compare strings. */
function sortedNames(object: object): string[] {
  const names = Object.keys(object);
  for (let i = 1; i < names.length; i += 1) {
    if (names[i]! < names[i - 1]!) return names.sort();
  }
  return names;
}

/** Names seen before, quoted. Records share a few dozen names; strangers only fill it up. */
const quotedNames = new Map<string, string>();
const MAX_QUOTED_NAMES = 1024;
const MAX_QUOTED_NAME_LENGTH = 64;

function quotedName(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const quoted = quote(name);
  if (quotedNames.size < MAX_QUOTED_NAMES && name.length <= MAX_QUOTED_NAME_LENGTH) {
    quotedNames.set(name, quoted);
  }
  return quoted;
}

// eslint-disable-next-line no-control-regex -- control characters are what must be escaped
const NEEDS_CARE = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A JSON string (RFC 8785 section 3.2.2.2). Most strings need nothing but their quotes. */
export function quote(text: string): string {
  if (!NEEDS_CARE.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw refusal('a lone surrogate');
  return JSON.stringify(text);
}

function refusal(what: string): LedgerError {
  return new LedgerError('not_canonical', `Canonical JSON has no form for ${what}.`);
}
