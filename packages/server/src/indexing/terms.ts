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
const PREFIX_LENGTHS = [1, 2, 3, 4, 6, 8] as const;
/** A record with more of them is found by `WORDY_TERM`, so that no record can bloat the index. */
const WORDS_MAX = 256;

const LOOKUPS = [...LOOKUP_FIELDS];
const TEXTS = [...TEXT_FIELDS];
const WORD_SEED = 0;
const KIND_SEED = 0xffff;

/** Mixes the characters into two 32-bit halves and joins 53 bits of them. Not for security. */
function hash(seed: number, text: string): Term {
  let low = 0x9e3779b9 ^ seed;
  let high = 0x85ebca6b ^ Math.imul(seed, 0xc2b2ae35);
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    low = Math.imul(low ^ character, 0x9e3779b1);
    high = Math.imul(high ^ character, 0x5f356495);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);
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
  return hash(WORD_SEED, word.slice(0, length));
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

/** All terms of a record, without repetition. */
export function termsOf(record: Findable): Set<Term> {
  const terms = new Set<Term>();
  for (const field of LOOKUPS) {
    const value = record[field];
    if (value !== undefined) terms.add(valueTerm(field, String(value)));
  }
  if (isFinal(record)) terms.add(FINAL_TERM);
  const words = new Set(textsOf(record).flatMap((text) => wordsOf(text)));
  if (words.size > WORDS_MAX) terms.add(WORDY_TERM);
  for (const word of [...words].slice(0, WORDS_MAX)) {
    for (const length of PREFIX_LENGTHS) {
      if (length > word.length) break;
      terms.add(hash(WORD_SEED, word.slice(0, length)));
    }
  }
  return terms;
}
