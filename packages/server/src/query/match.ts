import { isFinal, textsOf, wordsOf, type Findable } from '../indexing/terms.ts';
import type { Condition, Filter } from './filter.ts';

function matchesCondition(record: Findable, { fields, values, prefixes }: Condition): boolean {
  return fields.some((field) => {
    const value = record[field];
    if (value === undefined) return false;
    const text = String(value);
    return values.includes(text) || prefixes.some((prefix) => text.startsWith(prefix));
  });
}

function matchesText(record: Findable, { words, phrases }: Filter): boolean {
  const texts = textsOf(record).map((text) => text.toLowerCase());
  if (!phrases.every((phrase) => texts.some((text) => text.includes(phrase)))) return false;
  const present = words.length === 0 ? [] : texts.flatMap((text) => wordsOf(text));
  return words.every((word) => present.some((one) => one.startsWith(word)));
}

/**
 * Whether a record is what the filter looks for; its time is the caller's business. This is the
 * meaning of a filter: the index only narrows down which records are asked.
 */
export function matches(record: Findable, filter: Filter): boolean {
  if (filter.finals && !isFinal(record)) return false;
  if (!filter.conditions.every((condition) => matchesCondition(record, condition))) return false;
  if (filter.words.length === 0 && filter.phrases.length === 0) return true;
  return matchesText(record, filter);
}
