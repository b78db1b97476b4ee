/** The free string-to-string `context` of a record and its limits (MISSION M7). */

export const CONTEXT_LIMITS = {
  keys: 20,
  keyCharacters: 64,
  valueCharacters: 512,
  /** Of the whole context as JSON in UTF-8. */
  bytes: 4096,
} as const;

export type Context = Record<string, string>;

export interface ContextFault {
  /** Path below and including `context`. */
  readonly field: string;
  readonly message: string;
  readonly expected: string;
}

const encoder = new TextEncoder();

/** Code points, counted only when the cheap upper bound does not settle it. */
function longerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > limit * 2) return true;
  return [...text].length > limit;
}

function fault(field: string, message: string, expected: string): ContextFault {
  return { field, message, expected };
}

function checkEntry(key: string, value: unknown): ContextFault | null {
  const { keyCharacters, valueCharacters } = CONTEXT_LIMITS;
  if (key.length === 0 || longerThan(key, keyCharacters)) {
    const shown = key.length === 0 ? 'context' : `context.${key.slice(0, keyCharacters)}`;
    const message =
      key.length === 0 ? 'a context key is empty' : 'a context key has too many characters';
    return fault(shown, message, `keys of 1 to ${keyCharacters} characters`);
  }
  if (typeof value !== 'string') {
    return fault(`context.${key}`, `context.${key} is not a string`, 'a string');
  }
  if (longerThan(value, valueCharacters)) {
    return fault(
      `context.${key}`,
      `context.${key} has more than ${valueCharacters} characters`,
      `at most ${valueCharacters} characters`,
    );
  }
  return null;
}

/** As UTF-8 and with its escapes, one character of a text takes this many bytes of JSON. */
const BYTES_PER_CHARACTER = 6;
/** Four quotes, colon and comma. */
const BYTES_PER_ENTRY = 6;

/** Bytes as JSON; of a context that is surely small enough, only no less than that. */
function sizeOf(entries: readonly (readonly [string, string])[], value: object): number {
  let most = 2;
  for (const [key, member] of entries) {
    most += BYTES_PER_ENTRY + (key.length + member.length) * BYTES_PER_CHARACTER;
  }
  return most <= CONTEXT_LIMITS.bytes ? most : encoder.encode(JSON.stringify(value)).length;
}

/** The first violation of the limits in a value that anyone may have sent, or null. */
export function checkContext(value: unknown): ContextFault | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('context', 'context is not an object', 'an object of strings');
  }
  const entries = Object.entries(value);
  if (entries.length > CONTEXT_LIMITS.keys) {
    const message = `context has ${entries.length} keys`;
    return fault('context', message, `at most ${CONTEXT_LIMITS.keys} keys`);
  }
  for (const [key, member] of entries) {
    const found = checkEntry(key, member);
    if (found) return found;
  }
  const bytes = sizeOf(entries as [string, string][], value);
  if (bytes > CONTEXT_LIMITS.bytes) {
    const message = `context is ${bytes} bytes as JSON`;
    return fault('context', message, `at most ${CONTEXT_LIMITS.bytes} bytes as JSON`);
  }
  return null;
}
