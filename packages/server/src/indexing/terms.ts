import { LOOKUP_FIELDS, TEXT_FIELDS, type FieldName } from '@affidavit/schema';

/**
 * What a record can be found by. A term is a 53-bit hash of a field and a value, or of the
 * beginning of a word; hits are always checked against the record itself, so a collision costs
 * time and never a wrong answer.
 */
export type Term = number;

/** A record as parsed from its envelope: any subset of the fields. */
export type Findable = Partial<Record<FieldName, unknown>>;

/** Word beginnings are indexed at these lengths. A search uses the longest that fits its word. */
const PREFIX_LENGTHS = [1, 2, 4, 8] as const;
/** A record with more of them is found by `WORDY_TERM`, so that no record can bloat the index. */
const WORDS_MAX = 256;

const LOOKUPS = [...LOOKUP_FIELDS];
const TEXTS = [...TEXT_FIELDS];
const WORD_SEED = 0;
const KIND_SEED = 0xffff;

const LOW = 0x9e3779b9;
const HIGH = 0x85ebca6b;
const LOW_FACTOR = 0x9e3779b1;
const HIGH_FACTOR = 0x5f356495;

/** Mixes two 32-bit halves and joins 53 bits of them. Not for security. */
function finish(low: number, high: number): Term {
  const a = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  const b = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b & 0x1fffff) * 0x1_0000_0000 + (a >>> 0);
}

function hash(seed: number, text: string, length = text.length): Term {
  let low = LOW ^ seed;
  let high = HIGH ^ Math.imul(seed, 0xc2b2ae35);
  for (let i = 0; i < length; i++) {
    const character = text.charCodeAt(i);
    low = Math.imul(low ^ character, LOW_FACTOR);
    high = Math.imul(high ^ character, HIGH_FACTOR);
  }
  return finish(low, high);
}

/** From the name alone: terms are stored, and the list of fields may grow anywhere. */
const FIELD_SEEDS = new Map<string, number>(
  LOOKUPS.map((field) => [field, hash(KIND_SEED, `field ${field}`) >>> 0]),
);

/** The term of entries that end an execution. */
export const FINAL_TERM: Term = hash(KIND_SEED, 'final');
/** The term of entries with more words than are indexed: any search for words must look at them. */
export const WORDY_TERM: Term = hash(KIND_SEED, 'wordy');
/** The term of entries whose event type is not listed among the values that wildcards expand to. */
export const UNLISTED_TYPE_TERM: Term = hash(KIND_SEED, 'unlisted type');

export function valueTerm(field: FieldName, value: string): Term {
  return hash(FIELD_SEEDS.get(field) ?? -1, value);
}

/** The term to look a word's beginning up by; hits must still be checked. */
export function wordTerm(word: string): Term {
  const length = PREFIX_LENGTHS.findLast((one) => one <= word.length) ?? 1;
  return hash(WORD_SEED, word, length);
}

/** Lower-case words of letters and digits of any script. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The texts of a record that free-text search covers. */
export function textsOf(record: Findable): string[] {
  const texts: string[] = [];
  for (const field of TEXTS) {
    const value = record[field];
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) {
      texts.push(...(Object.values(value) as string[]));
    }
  }
  return texts;
}

/** Whether an entry says how an execution ended. */
export function isFinal(record: Findable): boolean {
  return record.execution_id !== undefined && record.outcome !== undefined;
}

type Visit = (term: Term) => void;

const NOT_ASCII = /[^\0-\x7f]/;
const PREFIX_MAX = 8;

/** The terms of a word's beginnings. */
function visitWord(word: string, visit: Visit): void {
  for (const length of PREFIX_LENGTHS) {
    if (length > word.length) return;
    visit(hash(WORD_SEED, word, length));
  }
}

/** 0 where a character belongs to no word, else its lower case. */
function asciiLetter(code: number): number {
  if (code >= 97 && code <= 122) return code;
  if (code >= 48 && code <= 57) return code;
  return code >= 65 && code <= 90 ? code + 32 : 0;
}

/** As `wordsOf` and `visitWord`, in one pass, for the texts that most are. Stops above `limit` words. */
function visitAscii(text: string, limit: number, visit: Visit): number {
  let words = 0;
  let length = 0;
  let low = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = asciiLetter(text.charCodeAt(i));
    if (letter === 0) {
      length = 0;
      continue;
    }
    if (length++ === 0) {
      if (++words > limit) return words;
      low = LOW;
      high = HIGH;
    }
    if (length > PREFIX_MAX) continue;
    low = Math.imul(low ^ letter, LOW_FACTOR);
    high = Math.imul(high ^ letter, HIGH_FACTOR);
    // The lengths of PREFIX_LENGTHS are the powers of two.
    if ((length & (length - 1)) === 0) visit(finish(low, high));
  }
  return words;
}

/** Visits the words of a text, up to a limit; returns how many it found. */
function visitText(text: string, limit: number, visit: Visit): number {
  if (!NOT_ASCII.test(text)) return visitAscii(text, limit, visit);
  const words = wordsOf(text);
  for (const word of words.slice(0, limit)) visitWord(word, visit);
  return words.length;
}

/** Visits all terms of a record; a term may come more than once. */
export function visitTerms(record: Findable, visit: Visit): void {
  for (const field of LOOKUPS) {
    const value = record[field];
    if (value !== undefined) visit(valueTerm(field, String(value)));
  }
  if (isFinal(record)) visit(FINAL_TERM);
  let words = 0;
  for (const text of textsOf(record)) {
    if (words <= WORDS_MAX) words += visitText(text, WORDS_MAX - words, visit);
  }
  if (words > WORDS_MAX) visit(WORDY_TERM);
}
